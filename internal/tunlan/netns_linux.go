package tunlan

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// enter moves the calling thread into the named namespace and calls f there.
func enter(name string, f func() error) error {
	ns, err := unix.Open(netnsDir+name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open network namespace %s: %w", name, err)
	}
	defer func() { _ = unix.Close(ns) }()
	if err := unix.Setns(ns, unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("enter network namespace %s: %w", name, err)
	}
	return f()
}

// openTUN makes the TUN device of a namespace. The file is non-blocking and known to the runtime's poller, so that Close ends a Read.
func openTUN(name string) (*os.File, error) {
	var file *os.File
	err := InNetns(name, func() error {
		fd, err := unix.Open(tunPath, unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
		if err != nil {
			return fmt.Errorf("open %s: %w", tunPath, err)
		}
		req, err := unix.NewIfreq(tunName)
		if err != nil {
			return errors.Join(err, unix.Close(fd))
		}
		req.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
		if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, req); err != nil {
			return errors.Join(fmt.Errorf("make TUN device in %s: %w", name, err), unix.Close(fd))
		}
		file = os.NewFile(uintptr(fd), tunPath)
		return nil
	})
	return file, err
}
