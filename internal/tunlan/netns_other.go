//go:build !linux

package tunlan

import (
	"errors"
	"os"
)

// errLinux is what [Supported] says too.
var errLinux = errors.New("network namespaces need Linux")

func enter(string, func() error) error { return errLinux }

func openTUN(string) (*os.File, error) { return nil, errLinux }
