package api

import (
	"os"
	"regexp"
	"strconv"
	"testing"
)

// The specification's table of errors is the code's, number for number and name for name.
func TestErrorsAreTheSpecifications(t *testing.T) {
	spec, err := os.ReadFile("../../specs/08-rpc.md")
	if err != nil {
		t.Fatal(err)
	}
	listed := make(map[string]int)
	row := regexp.MustCompile(`(?m)^\| ([-0-9, ]+) \| ([^|]+) \|`)
	for _, m := range row.FindAllStringSubmatch(string(spec), -1) {
		numbers := regexp.MustCompile(`-\d+`).FindAllString(m[1], -1)
		for i, name := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(m[2], -1) {
			n, err := strconv.Atoi(numbers[i])
			if err != nil {
				t.Fatal(err)
			}
			listed[name[1]] = n
		}
	}
	for name, n := range numbers() {
		if listed[name] != n {
			t.Errorf("%s is %d in the code and %d in the specification", name, n, listed[name])
		}
	}
	for name, n := range listed {
		if number(name) != n {
			t.Errorf("%s is %d in the specification and %d in the code", name, n, number(name))
		}
	}
	seen := make(map[int]string)
	for name, n := range numbers() {
		if other, twice := seen[n]; twice {
			t.Errorf("%s and %s are both %d", name, other, n)
		}
		seen[n] = name
	}
}
