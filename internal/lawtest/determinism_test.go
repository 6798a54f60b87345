package lawtest

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"
)

// anyOrder is what a range over a map in the pure middle carries, on its line or the one above, followed by the reason.
const anyOrder = "// any order:"

// TestPureMiddleIsDeterministic: no floats, no goroutines, no channels, and a range over a map only with a written reason
// why its order does not matter, unless it only collects what the next statement sorts.
func TestPureMiddleIsDeterministic(t *testing.T) {
	patterns := make([]string, 0, len(pureFolders()))
	for _, f := range pureFolders() {
		if exists(f) {
			patterns = append(patterns, "./"+f+"/...")
		}
	}
	pkgs, err := packages.Load(&packages.Config{
		Context: t.Context(),
		Dir:     root,
		Mode:    packages.NeedName | packages.NeedImports | packages.NeedSyntax | packages.NeedTypes | packages.NeedTypesInfo,
	}, patterns...)
	if err != nil {
		t.Fatalf("load the pure middle: %v", err)
	}
	for _, p := range pkgs {
		for _, e := range p.Errors {
			t.Errorf("load %s: %v", p.PkgPath, e)
		}
		for _, file := range p.Syntax {
			for _, v := range chance(p.Fset, file, p.TypesInfo) {
				t.Errorf("%s/%s", strings.TrimPrefix(p.PkgPath, module+"/"), v)
			}
		}
	}
}

// chance finds what could make two nodes disagree in one file.
func chance(fset *token.FileSet, file *ast.File, info *types.Info) []string {
	reasons := map[int]bool{} // lines on which a range over a map has its reason
	for _, group := range file.Comments {
		for _, c := range group.List {
			if reason, ok := strings.CutPrefix(c.Text, anyOrder); ok && strings.TrimSpace(reason) != "" {
				reasons[fset.Position(c.Pos()).Line] = true
				reasons[fset.Position(group.End()).Line+1] = true
			}
		}
	}
	sorted := sortedAfter(file)
	var bad []string
	say := func(n ast.Node, what string) {
		pos := fset.Position(n.Pos())
		if v := place(filepath.Base(pos.Filename), pos.Line) + ": " + what; !slices.Contains(bad, v) {
			bad = append(bad, v)
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			say(n, "a goroutine in the pure middle")
		case *ast.SelectStmt:
			say(n, "a select in the pure middle")
		case *ast.RangeStmt:
			if _, isMap := types.Unalias(info.TypeOf(n.X)).Underlying().(*types.Map); isMap && !sorted[n] && !reasons[fset.Position(n.Pos()).Line] {
				say(n, fmt.Sprintf("range over a map: sort first, or say why the order does not matter (%q and the reason)", anyOrder))
			}
		case ast.Expr:
			if b, ok := info.TypeOf(n).(*types.Basic); ok && b.Info()&(types.IsFloat|types.IsComplex) != 0 {
				say(n, "a floating-point number in the pure middle")
				return false
			}
		}
		return true
	})
	return bad
}

// sortedAfter finds the ranges that only append to one slice which the very next statement sorts: their order is forgotten.
func sortedAfter(file *ast.File) map[*ast.RangeStmt]bool {
	found := map[*ast.RangeStmt]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		block, ok := n.(*ast.BlockStmt)
		if !ok {
			return true
		}
		for i := range max(len(block.List)-1, 0) {
			r, ok := block.List[i].(*ast.RangeStmt)
			if !ok {
				continue
			}
			if to := appendedTo(r.Body); to != "" && sortedBy(block.List[i+1]) == to {
				found[r] = true
			}
		}
		return true
	})
	return found
}

// appendedTo names the slice that a body appends to, if that is all it does.
func appendedTo(body *ast.BlockStmt) string {
	if len(body.List) != 1 {
		return ""
	}
	assign, ok := body.List[0].(*ast.AssignStmt)
	if !ok || len(assign.Lhs) != 1 || len(assign.Rhs) != 1 {
		return ""
	}
	call, ok := assign.Rhs[0].(*ast.CallExpr)
	if !ok || types.ExprString(call.Fun) != "append" || types.ExprString(call.Args[0]) != types.ExprString(assign.Lhs[0]) {
		return ""
	}
	return types.ExprString(assign.Lhs[0])
}

// sortedBy names the slice that a statement sorts, if it does.
func sortedBy(stmt ast.Stmt) string {
	expr, ok := stmt.(*ast.ExprStmt)
	if !ok {
		return ""
	}
	call, ok := expr.X.(*ast.CallExpr)
	if !ok || len(call.Args) == 0 {
		return ""
	}
	if f := types.ExprString(call.Fun); !strings.HasPrefix(f, "slices.Sort") && !strings.HasPrefix(f, "sort.") {
		return ""
	}
	return types.ExprString(call.Args[0])
}

func TestDeterminismLawSeesViolations(t *testing.T) {
	for _, c := range []struct {
		name, body string
		want       int
	}{
		{"map", "for range m { n++ }", 1},
		{"map with a reason", "for range m { n++ } // any order: only counted", 0},
		{"map with a reason above", "// any order: only counted\nfor range m { n++ }", 0},
		{"map with an empty reason", "for range m { n++ } // any order:", 1},
		{"named map", "type named map[int]int\nfor range named(m) { n++ }", 1},
		{"map, then sorted", "var s []int\nfor k := range m { s = append(s, k) }\nsort.Ints(s)", 0},
		{"map, then another sorted", "var s, r []int\nfor k := range m { s = append(s, k) }\nsort.Ints(r)", 1},
		{"map, sorted, and more done in between", "var s []int\nfor k := range m { s = append(s, k); n = k }\nsort.Ints(s)", 1},
		{"slice", "for range []int{1} { n++ }", 0},
		{"float", "n = int(0.5 * 4.0)", 1},
		{"float type", "var f float64\n_ = f", 2},
		{"goroutine", "go func() {}()", 1},
		{"select", "select {}", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := parseSource("x.go", []byte("package x\n\nvar sort struct{ Ints func([]int) }\n\nfunc f(m map[int]int, n int) int {\n"+c.body+"\nreturn n }\n"))
			if err != nil {
				t.Fatal(err)
			}
			info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{}}
			if _, err := new(types.Config).Check("x", s.fset, []*ast.File{s.file}, info); err != nil {
				t.Fatal(err)
			}
			if got := chance(s.fset, s.file, info); len(got) != c.want {
				t.Errorf("violations = %q, want %d", got, c.want)
			}
		})
	}
}
