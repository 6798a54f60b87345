package tunlan

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
)

const (
	netnsDir = "/var/run/netns/" // where iproute2 mounts named namespaces
	tunPath  = "/dev/net/tun"
	tunName  = "tun0"
)

// Supported tells why a LAN cannot be made here, nil if it can.
func Supported() error {
	if runtime.GOOS != "linux" {
		return errors.New("network namespaces need Linux")
	}
	if os.Geteuid() != 0 {
		return errors.New("network namespaces need root")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		return fmt.Errorf("network namespaces need iproute2: %w", err)
	}
	f, err := os.OpenFile(tunPath, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("no TUN device: %w", err)
	}
	return f.Close()
}

// ip runs one command of iproute2.
func ip(ctx context.Context, args ...string) error {
	cmd := exec.CommandContext(ctx, "ip", args...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("ip %v: %w: %s", args, err, bytes.TrimSpace(out))
	}
	return nil
}

// addNetns makes the namespace, after removing a left-over of that name.
func addNetns(ctx context.Context, name string) error {
	if err := removeNetns(ctx, name); err != nil {
		return err
	}
	return ip(ctx, "netns", "add", name)
}

// removeNetns removes the namespace if it is there.
func removeNetns(ctx context.Context, name string) error {
	if _, err := os.Stat(netnsDir + name); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return ip(ctx, "netns", "del", name)
}

// configure brings up a namespace's loopback and TUN device.
func configure(ctx context.Context, name, address string) error {
	for _, args := range [][]string{
		{"-n", name, "link", "set", "lo", "up"},
		{"-n", name, "addr", "add", address, "dev", tunName},
		{"-n", name, "link", "set", tunName, "mtu", "1500", "txqueuelen", "10000", "up"},
	} {
		if err := ip(ctx, args...); err != nil {
			return err
		}
	}
	return nil
}

// InNetns calls f on a thread inside the named namespace: sockets that f opens stay in it, goroutines that f starts do not.
func InNetns(name string, f func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with this goroutine instead of going back to the pool
		done <- enter(name, f)
	}()
	return <-done
}
