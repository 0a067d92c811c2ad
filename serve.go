package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"postmortem/internal/analyze"
	"postmortem/internal/web"
)

// runServe shows captures to a browser until it is interrupted.
func runServe(e *env, o *options, files []string) (int, error) {
	for _, name := range files {
		if _, err := os.Stat(name); err != nil && name != "-" {
			return 0, fmt.Errorf("%s: %w", name, errors.Unwrap(err))
		}
		if web.Size([]string{name}) < 0 {
			return 0, usage("serve: %s is no plain file; it is read again when a report is made", name)
		}
	}
	if _, err := analyze.ReadKeys(o.keylogs); err != nil {
		return 0, err
	}
	address, open, err := listenAt(o.listen)
	if err != nil {
		return 0, err
	}
	l, err := net.Listen(networkOf(address), address)
	if err != nil {
		return 0, err
	}
	defer l.Close()
	if open {
		e.say("listening at %s: everybody who can reach it and knows the address below can read what is analysed, and it is not encrypted", l.Addr())
	}
	ctx := context.Background()
	if e.exit != nil {
		var stop context.CancelFunc
		ctx, stop = signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
		defer stop()
	}
	s := &web.Server{
		Version: version(), Upload: o.upload, Open: open, TZ: o.zone(),
		Config: analyze.Config{Workers: o.workers, Memory: o.memory, Ports: o.ports, Limits: o.limits, KeyLogs: o.keylogs, ShowSecrets: o.showSecrets},
	}
	err = s.Serve(ctx, l, files, func(url string) {
		fmt.Fprintf(e.out, "%s\n", url)
		e.say("open the address above; it works once, in one browser; Ctrl-C ends the server")
	})
	return exitClean, err
}

// listenAt makes an address of -listen: a port, or an address with one. open
// says that it is not of the loopback interface.
func listenAt(s string) (address string, open bool, err error) {
	if s == "" {
		return "127.0.0.1:0", false, nil
	}
	if !strings.Contains(s, ":") {
		if _, err := number(s, 0, 65535); err != nil {
			return "", false, usage("flag -listen: %v, or an address with a port: 127.0.0.1:8025", err)
		}
		return "127.0.0.1:" + s, false, nil
	}
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		return "", false, usage("flag -listen: %q is not a port or an address with one: 8025, 127.0.0.1:8025", s)
	}
	if _, err := number(port, 0, 65535); err != nil {
		return "", false, usage("flag -listen: %v", err)
	}
	ip := net.ParseIP(host)
	if host == "localhost" {
		ip, host = net.IPv4(127, 0, 0, 1), "127.0.0.1"
	}
	return net.JoinHostPort(host, port), ip == nil || !ip.IsLoopback(), nil
}

// networkOf is the network of an address: that of IPv4 when it is one, which would
// be taken for all addresses of both when it is 0.0.0.0.
func networkOf(address string) string {
	host, _, _ := net.SplitHostPort(address)
	if ip := net.ParseIP(host); ip.To4() != nil {
		return "tcp4"
	}
	return "tcp"
}

// writePage writes the report page, beside its place until it is complete.
func (e *env) writePage(p *web.Page, out *output, cfg *analyze.Config) error {
	keys, err := analyze.ReadKeys(cfg.KeyLogs)
	if err != nil {
		return err
	}
	if err := p.Look(cfg.Files, web.DissectOptions(keys, *cfg, p.TZ)); err != nil {
		return err
	}
	if err := p.Write(out); err != nil {
		return err
	}
	return out.commit()
}

// newPage makes the page of a report.
func newPage(o *options) *web.Page { return &web.Page{Version: version(), TZ: o.zone()} }
