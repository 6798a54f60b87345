// Package golden reads the test vectors of specs/vectors and, when a test is run with -update, writes them anew. A changed vector is a
// changed protocol: it is committed only together with the chapter that explains it.
package golden

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "write the test vectors anew")

// Check compares got, as indented JSON, with specs/vectors/<name>.json, or writes that file when -update is given.
func Check(t *testing.T, name string, got any) {
	t.Helper()
	have, err := json.MarshalIndent(got, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	have = append(have, '\n')
	path := filepath.Join(root(t), "specs", "vectors", name+".json")
	if *update {
		if err := os.WriteFile(path, have, 0o644); err != nil { //nolint:gosec // a file of the repository, readable by all
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("read vectors (write them with -update): %v", err)
	}
	if !bytes.Equal(have, want) {
		t.Errorf("%s: the code no longer gives the vectors; if that is meant, change the chapter and run with -update", path)
		for i, l := range bytes.Split(have, []byte("\n")) {
			w := bytes.Split(want, []byte("\n"))
			if i >= len(w) || !bytes.Equal(l, w[i]) {
				t.Errorf("first difference in line %d: %s", i+1, l)
				break
			}
		}
	}
}

// root walks up to the folder of go.mod.
func root(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no go.mod above the test")
		}
		dir = parent
	}
}
