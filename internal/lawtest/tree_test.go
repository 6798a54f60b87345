package lawtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/lockstep-network/lockstep"

// root is the repository's, seen from this package's folder, where `go test` runs.
const root = "../.."

// pkg is what `go list -json` tells about a package.
type pkg struct {
	ImportPath   string
	Dir          string
	Imports      []string // direct, of the files that are not tests
	Deps         []string // all, through others
	GoFiles      []string
	TestGoFiles  []string
	XTestGoFiles []string
}

// folder is the package's path below the module: "node/ledger", "" for the root.
func (p pkg) folder() string {
	return strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
}

// listPackages returns all packages of the module.
func listPackages(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-e",
		"-json=ImportPath,Dir,Imports,Deps,GoFiles,TestGoFiles,XTestGoFiles", "./...")
	cmd.Dir = root
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("list packages: %v\n%s", err, stderr.String())
	}
	var pkgs []pkg
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("decode go list: %v", err)
		}
		pkgs = append(pkgs, p)
	}
	if len(pkgs) == 0 {
		t.Fatal("go list names no package")
	}
	return pkgs
}

// source is one Go file.
type source struct {
	name string // slash path below the root
	text []byte
	fset *token.FileSet
	file *ast.File
}

func (s source) isTest() bool { return strings.HasSuffix(s.name, "_test.go") }

// at gives a place for a violation: file:line.
func (s source) at(pos token.Pos) string {
	return place(s.name, s.fset.Position(pos).Line)
}

func place(name string, line int) string { return fmt.Sprintf("%s:%d", name, line) }

// parseSource reads one Go file's text.
func parseSource(name string, text []byte) (source, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
	return source{name: name, text: text, fset: fset, file: file}, err
}

// readSources reads all Go files below the root, generated ones left out.
func readSources(t *testing.T) []source {
	t.Helper()
	var all []source
	for _, name := range files(t, ".go") {
		s, err := parseSource(name, readFile(t, name))
		if err != nil {
			t.Fatalf("parse: %v", err)
		}
		if !ast.IsGenerated(s.file) {
			all = append(all, s)
		}
	}
	return all
}

// files lists the slash paths below the root that end in suffix, sorted. Folders that hold no source of ours are left out.
func files(t *testing.T, suffix string) []string {
	t.Helper()
	skip := []string{".git", "bin", "node_modules", "testdata"}
	var names []string
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if slices.Contains(skip, d.Name()) {
				return filepath.SkipDir
			}
			return nil
		}
		if strings.HasSuffix(p, suffix) {
			rel, err := filepath.Rel(root, p)
			if err != nil {
				return err
			}
			names = append(names, filepath.ToSlash(rel))
		}
		return nil
	})
	if err != nil {
		t.Fatalf("walk the tree: %v", err)
	}
	return names
}

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// exists tells whether a slash path below the root is there.
func exists(name string) bool {
	_, err := os.Stat(filepath.Join(root, filepath.FromSlash(name)))
	return err == nil
}

// within tells whether a slash path is a folder of the list or lies below one.
func within(name string, folders []string) bool {
	return slices.ContainsFunc(folders, func(f string) bool { return name == f || strings.HasPrefix(name, f+"/") })
}

// inFolder tells whether a file lies in one of the folders or below.
func inFolder(s source, folders []string) bool { return within(path.Dir(s.name), folders) }

// report fails the test with each violation.
func report(t *testing.T, violations []string) {
	t.Helper()
	for _, v := range violations {
		t.Error(v)
	}
}
