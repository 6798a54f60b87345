package lawtest

import (
	"bytes"
	"fmt"
	"go/ast"
	"path"
	"slices"
	"strings"
	"testing"
)

const (
	fileLinesMost = 500   // a file above holds more than one noun
	fileLinesGood = 400   // above, `go test -v` says so
	packageLines  = 1_500 // above, `go test -v` says so; tests do not count
)

// drawers are folder names that say nothing about what is inside.
func drawers() []string {
	return []string{"types", "common", "util", "utils", "pkg", "helpers", "misc"}
}

func TestFilesAreShort(t *testing.T) {
	size := map[string]int{}
	for _, s := range readSources(t) {
		n := bytes.Count(s.text, []byte("\n"))
		if n > fileLinesMost {
			t.Errorf("%s: %d lines, at most %d: which noun should move out?", s.name, n, fileLinesMost)
		} else if n > fileLinesGood {
			t.Logf("%s: %d lines", s.name, n)
		}
		if !s.isTest() {
			size[path.Dir(s.name)] += n
		}
	}
	for dir, n := range size {
		if n > packageLines {
			t.Logf("%s: a package of %d lines", dir, n)
		}
	}
}

func TestFoldersAreNamedForWhatTheyHold(t *testing.T) {
	for _, s := range readSources(t) {
		for part := range strings.SplitSeq(path.Dir(s.name), "/") {
			if slices.Contains(drawers(), part) {
				t.Errorf("%s: a folder named %q is a drawer: name it for its noun", s.name, part)
			}
		}
	}
}

func TestNoInitFunctions(t *testing.T) {
	for _, s := range readSources(t) {
		report(t, initViolations(s))
	}
}

func initViolations(s source) []string {
	var bad []string
	for _, d := range s.file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
			bad = append(bad, s.at(f.Pos())+": init runs before main can decide: construct it where things are wired")
		}
	}
	return bad
}

// decoder is a function that reads bytes which somebody else wrote.
type decoder struct{ dir, name, at string }

// decodedFolders are where formats live that others write.
func decodedFolders() []string { return []string{"namespaces", "contracts", "da"} }

func TestEachDecoderIsFuzzed(t *testing.T) {
	report(t, unfuzzed(readSources(t)))
}

// unfuzzed names the exported decoders that no fuzz target's file of their package mentions.
func unfuzzed(all []source) []string {
	var decoders []decoder
	fuzzFiles := map[string][]source{} // by folder
	for _, s := range all {
		dir := path.Dir(s.name)
		switch {
		case s.isTest() && hasFuzz(s):
			fuzzFiles[dir] = append(fuzzFiles[dir], s)
		case !s.isTest() && inFolder(s, decodedFolders()):
			decoders = append(decoders, decodersOf(s)...)
		}
	}
	var bad []string
	for _, d := range decoders {
		if !slices.ContainsFunc(fuzzFiles[d.dir], func(s source) bool { return mentions(s, d.name) }) {
			bad = append(bad, fmt.Sprintf("%s: %s has no fuzz target in its package's tests", d.at, d.name))
		}
	}
	return bad
}

func decodersOf(s source) []decoder {
	var found []decoder
	for _, d := range s.file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || !f.Name.IsExported() {
			continue
		}
		if n := f.Name.Name; strings.HasPrefix(n, "Decode") || strings.HasPrefix(n, "Unmarshal") {
			found = append(found, decoder{dir: path.Dir(s.name), name: n, at: s.at(f.Pos())})
		}
	}
	return found
}

func hasFuzz(s source) bool {
	return slices.ContainsFunc(s.file.Decls, func(d ast.Decl) bool {
		f, ok := d.(*ast.FuncDecl)
		return ok && f.Recv == nil && strings.HasPrefix(f.Name.Name, "Fuzz")
	})
}

// mentions tells whether an identifier of that name stands in the file.
func mentions(s source, name string) bool {
	found := false
	ast.Inspect(s.file, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && id.Name == name {
			found = true
		}
		return !found
	})
	return found
}

func TestShapeLawSeesViolations(t *testing.T) {
	parse := func(name, text string) source {
		t.Helper()
		s, err := parseSource(name, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	code := parse("da/batch/batch.go", "package batch\nfunc Decode(b []byte) error { return nil }\nfunc init() {}\n")
	other := parse("da/batch/x_test.go", "package batch\nfunc FuzzOther(f *testing.F) { parse() }\n")
	right := parse("da/batch/y_test.go", "package batch\nfunc FuzzDecode(f *testing.F) { Decode(nil) }\n")
	plain := parse("da/batch/z_test.go", "package batch\nfunc TestDecode(t *testing.T) { Decode(nil) }\n")
	if got := initViolations(code); len(got) != 1 {
		t.Errorf("init: %q", got)
	}
	for _, c := range []struct {
		name  string
		files []source
		want  int
	}{
		{"no test", []source{code}, 1},
		{"a fuzz target of something else", []source{code, other}, 1},
		{"a test that is no fuzz target", []source{code, plain}, 1},
		{"fuzzed", []source{code, right}, 0},
		{"outside the law", []source{parse("cmd/x/x.go", "package x\nfunc Decode() {}\n")}, 0},
	} {
		if got := unfuzzed(c.files); len(got) != c.want {
			t.Errorf("%s: %q, want %d", c.name, got, c.want)
		}
	}
}
