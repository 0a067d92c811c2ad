// Bench measures the program on large captures: throughput against the bare
// loop, processor time, memory, and what other programs take for the same files.
//
//	go run ./internal/bench                      six profiles, about 1 GB each
//	go run ./internal/bench -scale 0.1 mail      a tenth of one of them
//	go run ./internal/bench -peers mail          tshark, tcpdump and others, where installed
//	go run ./internal/bench -linear              time of n, 2n and 4n
//	go run ./internal/bench -pgo default.pgo     renews the profile that the compiler uses
//	go run ./internal/bench FILE...              captures of your own
//
// The captures are made on demand by tools/amplify of the shared files and kept
// in -dir. Each program runs in a process of its own, by turns, so that what
// else the machine does disturbs all alike; the best of -n runs counts.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A profile is a kind of capture that amplify makes.
type profile struct {
	name    string
	size    float64 // bytes, 0: packets counts
	packets float64
	sources bool // it is made of the shared captures
}

var profiles = []profile{
	{name: "mail", size: 1e9, sources: true},
	{name: "bulk", size: 1e9},
	{name: "small", packets: 10e6},
	{name: "synflood", packets: 8e6},
	{name: "noise", size: 1e9, sources: true},
	{name: "lossy", size: 1e9, sources: true},
}

type bench struct {
	dir     string
	shared  string
	scale   float64
	runs    int
	program string // the binary that is measured
	self    string // this one
	work    string
}

// loopEnv makes a process of this program the bare loop over one file.
const loopEnv = "POSTMORTEM_BENCH_LOOP"

func main() {
	if name := os.Getenv(loopEnv); name != "" {
		frames, err := bare(name)
		if err != nil {
			fail(err)
		}
		fmt.Println(frames)
		return
	}
	b := &bench{}
	flag.StringVar(&b.dir, "dir", filepath.Join(os.TempDir(), "postmortem-bench"), "`folder` where the captures are, and are made when they are missing")
	flag.StringVar(&b.shared, "shared", "../shared", "`folder` of the shared files, with tools/amplify and captures/public")
	flag.Float64Var(&b.scale, "scale", 1, "`part` of the usual size of the captures")
	flag.IntVar(&b.runs, "n", 3, "`runs` of each program")
	peers := flag.Bool("peers", false, "compare with the other programs that are installed")
	linear := flag.Bool("linear", false, "measure n, 2n and 4n of each profile")
	pgo := flag.String("pgo", "", "write a processor profile over the captures to `file`, and nothing else")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: go run ./internal/bench [flags] [PROFILE or FILE...]\n\nProfiles: mail, bulk, small, synflood, noise, lossy. Flags:")
		flag.PrintDefaults()
	}
	flag.Parse()
	if err := b.run(flag.Args(), *peers, *linear, *pgo); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "bench:", err)
	os.Exit(1)
}

func (b *bench) run(args []string, peers, linear bool, pgo string) (err error) {
	if b.work, err = os.MkdirTemp("", "bench"); err != nil {
		return err
	}
	defer os.RemoveAll(b.work)
	if len(args) == 0 {
		for _, p := range profiles {
			args = append(args, p.name)
		}
	}
	if linear {
		return b.linear(args)
	}
	var files []string
	for _, a := range args {
		file, err := b.file(a, b.scale)
		if err != nil {
			return err
		}
		files = append(files, file)
	}
	if pgo != "" {
		return profileAll(files, pgo)
	}
	if err := b.build(); err != nil {
		return err
	}
	for _, part := range []func([]string) error{b.ratios, b.peers} {
		if err := part(files); err != nil || !peers {
			return err
		}
		fmt.Println()
	}
	return nil
}

// build builds the program as it is released.
func (b *bench) build() (err error) {
	b.program = filepath.Join(b.work, "postmortem")
	if b.self, err = os.Executable(); err != nil {
		return err
	}
	c := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", b.program, ".")
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	c.Stderr = os.Stderr
	return c.Run()
}

// file returns the capture that an argument names; one of a profile is made
// when it is not there.
func (b *bench) file(arg string, scale float64) (string, error) {
	i := slices.IndexFunc(profiles, func(p profile) bool { return p.name == arg })
	if i < 0 {
		_, err := os.Stat(arg)
		return arg, err
	}
	p := profiles[i]
	name := filepath.Join(b.dir, p.name+".pcap")
	if scale != 1 {
		name = filepath.Join(b.dir, p.name+"-"+strconv.FormatFloat(scale, 'g', 4, 64)+".pcap")
	}
	if _, err := os.Stat(name); err == nil {
		return name, nil
	}
	if err := os.MkdirAll(b.dir, 0o755); err != nil {
		return "", err
	}
	amplify := filepath.Join(b.work, "amplify")
	build := exec.Command("go", "build", "-o", amplify, ".")
	build.Dir, build.Stderr = filepath.Join(b.shared, "tools", "amplify"), os.Stderr
	if err := build.Run(); err != nil {
		return "", fmt.Errorf("tools/amplify, which makes the captures: %w", err)
	}
	args := []string{"-profile", p.name, "-o", name + ".part"}
	if p.size > 0 {
		args = append(args, "-size", strconv.FormatFloat(p.size*scale, 'f', 0, 64))
	} else {
		args = append(args, "-packets", strconv.FormatFloat(p.packets*scale, 'f', 0, 64))
	}
	if p.sources {
		args = append(args, filepath.Join(b.shared, "captures", "public"))
	}
	fmt.Fprintln(os.Stderr, "making", name)
	if out, err := exec.Command(amplify, args...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("amplify: %w\n%s", err, out)
	}
	return name, os.Rename(name+".part", name)
}

// ratios prints what the program takes for each file, and the bare loop.
func (b *bench) ratios(files []string) error {
	fmt.Printf("%-12s %8s %9s %9s %9s %10s %7s %7s %7s %7s\n", "capture", "MB", "frames", "loop GB/s", "-j1 GB/s", "Mframes/s", "CPU s", "MiB", "ratio", "-j2/-j1")
	for _, file := range files {
		fi, err := os.Stat(file)
		if err != nil {
			return err
		}
		var loop, one, two usage
		var frames float64
		for range b.runs {
			u, out, err := b.measure([]string{loopEnv + "=" + file}, 0, b.self)
			if err != nil {
				return fmt.Errorf("bare loop over %s: %w", file, err)
			}
			frames, _ = strconv.ParseFloat(strings.TrimSpace(out), 64)
			loop.best(u)
			for _, x := range []struct {
				workers string
				u       *usage
			}{{"1", &one}, {"2", &two}} {
				u, _, err := b.measure(nil, 0, b.program, "-q", "-j", x.workers, file)
				if err != nil {
					return fmt.Errorf("postmortem %s: %w", file, err)
				}
				x.u.best(u)
			}
		}
		size := float64(fi.Size())
		fmt.Printf("%-12s %8.0f %9.0f %9.2f %9.2f %10.2f %7.2f %7.0f %7.2f %7.2f\n", strings.TrimSuffix(filepath.Base(file), ".pcap"), size/1e6, frames,
			size/1e9/loop.wall.Seconds(), size/1e9/one.wall.Seconds(), frames/1e6/one.wall.Seconds(), one.cpu.Seconds(),
			float64(max(one.memory, two.memory))/(1<<20), loop.wall.Seconds()/one.wall.Seconds(), one.wall.Seconds()/two.wall.Seconds())
	}
	return nil
}

// others are programs that read the same files; FILE stands for one.
var others = [][]string{
	{"postmortem", "packets", "FILE"},
	{"tshark", "-n", "-r", "FILE"},
	{"tshark", "-n", "-q", "-z", "expert", "-r", "FILE"},
	{"tcpdump", "-nn", "-r", "FILE"},
	{"zeek", "-C", "-r", "FILE"},
	{"suricata", "-r", "FILE", "-l", "WORK"},
	{"tcpflow", "-r", "FILE", "-o", "WORK"},
	{"capinfos", "FILE"},
}

// patience is how long a peer may take for one file.
const patience = 5 * time.Minute

// peers prints what the other programs take, each once for each file.
func (b *bench) peers(files []string) error {
	fmt.Printf("%-12s %-28s %9s %9s %7s %8s\n", "capture", "program", "s", "GB/s", "MiB", "times")
	for _, file := range files {
		fi, err := os.Stat(file)
		if err != nil {
			return err
		}
		var own usage
		for range b.runs {
			u, _, err := b.measure(nil, 0, b.program, "-q", "-j", "1", file)
			if err != nil {
				return err
			}
			own.best(u)
		}
		row := func(name string, u usage, over string) {
			fmt.Printf("%-12s %-28s %s%8.2f %9.3f %7.0f %8.1f\n", strings.TrimSuffix(filepath.Base(file), ".pcap"), name, over,
				u.wall.Seconds(), float64(fi.Size())/1e9/u.wall.Seconds(), float64(u.memory)/(1<<20), u.wall.Seconds()/own.wall.Seconds())
		}
		row("postmortem", own, " ")
		for _, o := range others {
			program := o[0]
			if program == "postmortem" {
				program = b.program
			} else if _, err := exec.LookPath(program); err != nil {
				continue
			}
			args := slices.Clone(o[1:])
			for i, a := range args {
				args[i] = strings.NewReplacer("FILE", file, "WORK", b.work).Replace(a)
			}
			u, _, err := b.measure(nil, patience, program, args...)
			over := " "
			if errors.Is(err, errSlow) {
				over = ">"
			} else if err != nil {
				fmt.Printf("%-12s %-28s %v\n", filepath.Base(file), o[0], err)
				continue
			}
			name := strings.Join(slices.DeleteFunc(slices.Clone(o), func(a string) bool { return a == "FILE" || a == "WORK" || a == "-r" }), " ")
			row(name, u, over)
		}
	}
	return nil
}

// linear prints the time of n, 2n and 4n.
func (b *bench) linear(args []string) error {
	if err := b.build(); err != nil {
		return err
	}
	fmt.Printf("%-12s %9s %9s %9s %9s %9s   MiB\n", "profile", "n s", "2n s", "4n s", "2n/n", "4n/2n")
	for _, name := range args {
		var wall [3]float64
		var mib [3]float64
		for i := range wall {
			file, err := b.file(name, b.scale*float64(int(1)<<i)/4)
			if err != nil {
				return err
			}
			var best usage
			for range b.runs {
				u, _, err := b.measure(nil, 0, b.program, "-q", "-j", "1", file)
				if err != nil {
					return err
				}
				best.best(u)
			}
			wall[i], mib[i] = best.wall.Seconds(), float64(best.memory)/(1<<20)
		}
		fmt.Printf("%-12s %9.2f %9.2f %9.2f %9.2f %9.2f   %.0f, %.0f, %.0f\n", name, wall[0], wall[1], wall[2], wall[1]/wall[0], wall[2]/wall[1], mib[0], mib[1], mib[2])
	}
	return nil
}
