package keys

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/ethereum/go-ethereum/common"
)

// Folder is an operator's keys folder with the password that opens its keystores: OperatorFile, and one file for each further consensus key that
// was made to rotate to, named after its address. Its text forms show the path only.
type Folder struct{ dir, password string }

// NewFolder names a folder; nothing is read yet.
func NewFolder(dir, password string) Folder { return Folder{dir, password} }

// Addresses lists the consensus keys, OperatorFile's first, without opening any. A folder with none is empty. Files of further keys that cannot be read are
// skipped, with an error for each; OperatorFile, if it is there, has to be readable.
func (f Folder) Addresses() (there []common.Address, skipped []error, err error) {
	paths, skipped, err := f.paths()
	there = make([]common.Address, 0, len(paths))
	for _, p := range paths {
		there = append(there, p.address)
	}
	return there, skipped, err
}

// Open decrypts the key with the address. Errors: fs.ErrNotExist when there is none, and LoadOperator's.
func (f Folder) Open(address common.Address) (*Operator, error) {
	paths, skipped, err := f.paths()
	if err != nil {
		return nil, err
	}
	for _, p := range paths {
		if p.address != address {
			continue
		}
		key, err := LoadOperator(p.file, f.password)
		if err == nil && key.Address() != address {
			return nil, fmt.Errorf("load operator key %s: it holds %s, and says %s", p.file, key.Address(), address)
		}
		return key, err
	}
	return nil, errors.Join(append([]error{fmt.Errorf("no key %s in %s: %w", address, f.dir, fs.ErrNotExist)}, skipped...)...)
}

// Create makes a further consensus key, to rotate to.
func (f Folder) Create(strength Strength) (*Operator, error) {
	key, err := generate()
	if err != nil {
		return nil, err
	}
	name := furtherPrefix + key.Address().Hex() + furtherSuffix
	return ImportOperator(filepath.Join(f.dir, name), f.password, strength, key.key)
}

// Names of the files of further keys.
const furtherPrefix, furtherSuffix = "operator-", ".json"

type keyPath struct {
	file    string
	address common.Address
}

func (f Folder) paths() (out []keyPath, skipped []error, err error) {
	entries, err := os.ReadDir(f.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("list keys: %w", err)
	}
	for _, e := range entries { // ascending by name: "operator-..." stands before "operator.json"
		first, further := e.Name() == OperatorFile, strings.HasPrefix(e.Name(), furtherPrefix) && strings.HasSuffix(e.Name(), furtherSuffix)
		if !first && !further {
			continue
		}
		p := keyPath{file: filepath.Join(f.dir, e.Name())}
		p.address, err = OperatorAddress(p.file)
		switch {
		case err != nil && first:
			return nil, nil, fmt.Errorf("list keys: %w", err)
		case err != nil:
			skipped = append(skipped, err)
		case first:
			out = append([]keyPath{p}, out...)
		default:
			out = append(out, p)
		}
	}
	return out, skipped, nil
}

// String shows the path only.
func (f Folder) String() string { return f.dir }

// GoString shows the path only.
func (f Folder) GoString() string { return "keys.Folder(" + f.dir + ")" }
