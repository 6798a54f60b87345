package lawtest

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

var (
	mdLink     = regexp.MustCompile(`\]\(([^()\s]+)(?:\s+"[^"]*")?\)`)
	mdHeading  = regexp.MustCompile(`^#{1,6}\s+(.+?)\s*#*$`)
	mdCode     = regexp.MustCompile("`[^`]+`")
	makeCall   = regexp.MustCompile(`(?:^|[\s(;&|$])make(?:\s+[A-Z_]+=\S+)*\s+([a-z][a-z0-9-]*)`)
	makeTarget = regexp.MustCompile(`(?m)^([a-z][a-z0-9-]*):`)
	chapter    = regexp.MustCompile(`^specs/\d+[^/]*\.md$`)
)

// page is a Markdown file, its lines split into prose and blocks of code, fenced or indented.
type page struct {
	name        string
	prose, code []string
}

func parsePage(name, text string) page {
	p := page{name: name}
	fenced, indented, blank := false, false, true
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		indented = strings.HasPrefix(line, "    ") && (blank || indented)
		blank = strings.TrimSpace(line) == ""
		switch {
		case strings.HasPrefix(strings.TrimSpace(line), "```"):
			fenced = !fenced
		case fenced, indented:
			code, _, _ := strings.Cut(line, " #") // a shell's comment is prose
			p.code = append(p.code, code)
		default:
			p.prose = append(p.prose, line)
		}
	}
	return p
}

func readPages(t *testing.T) map[string]page {
	t.Helper()
	pages := map[string]page{}
	for _, name := range files(t, ".md") {
		pages[name] = parsePage(name, string(readFile(t, name)))
	}
	return pages
}

// anchors are the fragments that a page's headings make, by GitHub's rule.
func (p page) anchors() []string {
	var all []string
	seen := map[string]int{}
	for _, line := range p.prose {
		m := mdHeading.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		slug := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
				return unicode.ToLower(r)
			}
			return -1
		}, m[1])
		if n := seen[slug]; n > 0 {
			all = append(all, slug+"-"+strconv.Itoa(n))
		} else {
			all = append(all, slug)
		}
		seen[slug]++
	}
	return all
}

// links are the page's relative link targets.
func (p page) links() []string {
	var all []string
	for _, line := range p.prose {
		for _, m := range mdLink.FindAllStringSubmatch(mdCode.ReplaceAllString(line, ""), -1) {
			if !strings.Contains(m[1], "://") && !strings.HasPrefix(m[1], "mailto:") {
				all = append(all, m[1])
			}
		}
	}
	return all
}

// targets are the make targets that the page names in code.
func (p page) targets() []string {
	text := slices.Clone(p.code)
	for _, line := range p.prose {
		for _, span := range mdCode.FindAllString(line, -1) {
			text = append(text, strings.Trim(span, "`"))
		}
	}
	var all []string
	for _, line := range text {
		for _, m := range makeCall.FindAllStringSubmatch(line, -1) {
			all = append(all, m[1])
		}
	}
	return all
}

func TestLinksResolve(t *testing.T) {
	report(t, brokenLinks(readPages(t), exists))
}

func brokenLinks(pages map[string]page, exists func(string) bool) []string {
	var bad []string
	for _, p := range pages {
		for _, link := range p.links() {
			file, fragment, _ := strings.Cut(link, "#")
			target := p.name
			if file != "" {
				target = path.Join(path.Dir(p.name), file)
			}
			if !exists(target) {
				bad = append(bad, fmt.Sprintf("%s: the link %s leads nowhere", p.name, link))
				continue
			}
			if to, ok := pages[target]; ok && fragment != "" && !slices.Contains(to.anchors(), fragment) {
				bad = append(bad, fmt.Sprintf("%s: the link %s names no heading of %s", p.name, link, target))
			}
		}
	}
	return bad
}

func TestNamedMakeTargetsExist(t *testing.T) {
	makefile := string(readFile(t, "Makefile"))
	for _, p := range readPages(t) {
		report(t, unknownTargets(p, makefile))
	}
}

func unknownTargets(p page, makefile string) []string {
	var known, bad []string
	for _, m := range makeTarget.FindAllStringSubmatch(makefile, -1) {
		known = append(known, m[1])
	}
	for _, name := range p.targets() {
		if !slices.Contains(known, name) {
			bad = append(bad, fmt.Sprintf("%s: the Makefile has no target %q", p.name, name))
		}
	}
	return bad
}

// TestIntegrationRunsTheReadmesTestCommand: what passes there is what a newcomer is told to run.
func TestIntegrationRunsTheReadmesTestCommand(t *testing.T) {
	if !regexp.MustCompile(`(?m)^make test\b`).Match(readFile(t, ".ci/run")) {
		t.Error(".ci/run does not run make test")
	}
	if p := parsePage("README.md", string(readFile(t, "README.md"))); !slices.Contains(p.targets(), "test") {
		t.Error("README.md does not name make test, which .ci/run runs")
	}
}

func TestSpecChaptersAreListed(t *testing.T) {
	pages := readPages(t)
	index := pages["specs/README.md"].links()
	for name := range pages {
		if base := path.Base(name); chapter.MatchString(name) && !slices.Contains(index, base) && !slices.Contains(index, "./"+base) {
			t.Errorf("%s: specs/README.md does not list this chapter", name)
		}
	}
}

// TestVectorsAreReadByTests: a vector that no test reads proves nothing. A test names it by its path or by its bare name.
func TestVectorsAreReadByTests(t *testing.T) {
	named := map[string]bool{}
	for _, s := range readSources(t) {
		if s.isTest() {
			for _, lit := range stringLiterals(s) {
				named[strings.TrimSuffix(path.Base(lit), ".json")] = true
			}
		}
	}
	for _, v := range files(t, ".json") {
		if path.Dir(v) != "specs/vectors" {
			continue
		}
		if !named[strings.TrimSuffix(path.Base(v), ".json")] {
			t.Errorf("%s: no test names this vector", v)
		}
		if !json.Valid(readFile(t, v)) {
			t.Errorf("%s: not JSON", v)
		}
	}
}

func stringLiterals(s source) []string {
	var all []string
	ast.Inspect(s.file, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if v, err := strconv.Unquote(lit.Value); err == nil {
				all = append(all, v)
			}
		}
		return true
	})
	return all
}

// TestGoldenTestsAreFoundByName: `make golden` runs tests named Golden or Vector.
func TestGoldenTestsAreFoundByName(t *testing.T) {
	for _, s := range readSources(t) {
		if s.isTest() && !strings.HasPrefix(s.name, "internal/lawtest/") {
			report(t, hiddenGolden(s))
		}
	}
}

func hiddenGolden(s source) []string {
	var bad []string
	for _, d := range s.file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Recv != nil || !strings.HasPrefix(f.Name.Name, "Test") || strings.Contains(f.Name.Name, "Golden") || strings.Contains(f.Name.Name, "Vector") {
			continue
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok {
				if x, ok := sel.X.(*ast.Ident); ok && x.Name == "golden" && sel.Sel.Name == "Check" {
					bad = append(bad, s.at(f.Pos())+": "+f.Name.Name+" writes vectors, so its name must hold Golden or Vector")
					return false
				}
			}
			return true
		})
	}
	return bad
}

func TestDocsLawSeesViolations(t *testing.T) {
	readme := parsePage("README.md", strings.Join([]string{
		"# The Title, twice", "see [a](specs/a.md), [b](specs/b.md#two-words), [c](#the-title-twice), [d](https://example.org/x)",
		"and [gone](gone.md), [no heading](specs/b.md#three), `[code](never.md)`", "```", "make devnet && make nothing", "```",
		"", "    make build  # and make merry", "    make hidden", "", "run `make check`, but make sure of it, or `make SKIP=1 missing`",
	}, "\n"))
	chapterB := parsePage("specs/b.md", "## Two words\n")
	pages := map[string]page{readme.name: readme, chapterB.name: chapterB}
	there := func(name string) bool {
		return slices.Contains([]string{"README.md", "specs/a.md", "specs/b.md"}, name)
	}
	if got := brokenLinks(pages, there); len(got) != 2 {
		t.Errorf("broken links: %q, want gone.md and specs/b.md#three", got)
	}
	if got := unknownTargets(readme, "devnet: build\nbuild:\ncheck:\n"); len(got) != 3 {
		t.Errorf("unknown targets: %q, want nothing, hidden and missing", got)
	}
	s, err := parseSource("x_test.go", []byte("package x\nfunc TestA(t *testing.T) { golden.Check(t, \"a\", 1) }\nfunc TestVectorsA(t *testing.T) { golden.Check(t, \"a\", 1) }\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got := hiddenGolden(s); len(got) != 1 {
		t.Errorf("hidden golden tests: %q, want TestA", got)
	}
}
