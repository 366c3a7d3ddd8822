// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the programs in bench/threads and here do, by goroutines: prints the medians of elapsed and of processor time per operation in ns,
// for `latency` the median and the 99th percentile of the waits in us.
//
// `pipes` and `sockets` are a ring of these; `memory` prints what N goroutines that wait hold, as bench/threads/memory.c does.
//
//	bench cpu|yield|handoff|mutex|create|buffer|pipes|sockets|memory|latency [N]
package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

var walls, cpus []float64

func processor() float64 {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return float64(u.Utime.Nano() + u.Stime.Nano())
}

func measure(operations func() int) {
	cpu, wall := processor(), time.Now()
	n := float64(operations())
	walls = append(walls, float64(time.Since(wall).Nanoseconds())/n)
	cpus = append(cpus, (processor()-cpu)/n)
}

func work(x uint64) uint64 {
	for i := 0; i < 1000; i++ {
		x = (x ^ x>>31) * 0x9e3779b97f4a7c15
	}
	return x
}

func together(threads int, f func(i int)) {
	var all sync.WaitGroup
	all.Add(threads)
	for i := 0; i < threads; i++ {
		go func(i int) { f(i); all.Done() }(i)
	}
	all.Wait()
}

var sink uint64

func cpu(threads int) int {
	each := 20000000 / threads
	together(threads, func(i int) {
		x := uint64(i + 1)
		for k := 0; k < each; k += 1000 {
			x = work(x)
		}
		atomic.AddUint64(&sink, x)
	})
	return each * threads
}

func yield(threads int) int {
	each := 4000000 / threads
	together(threads, func(int) {
		for k := 0; k < each; k++ {
			runtime.Gosched()
		}
	})
	return each * threads
}

func handoff(int) int {
	const turns = 500000
	var lock sync.Mutex
	changed := [2]*sync.Cond{sync.NewCond(&lock), sync.NewCond(&lock)}
	turn := 0
	together(2, func(me int) {
		for i := 0; i < turns; i++ {
			lock.Lock()
			for turn != me {
				changed[me].Wait()
			}
			turn = 1 - me
			changed[1-me].Signal()
			lock.Unlock()
		}
	})
	return 2 * turns
}

func mutex(int) int {
	var lock sync.Mutex
	for i := 0; i < 10000000; i++ {
		lock.Lock()
		sink++
		lock.Unlock()
	}
	return 10000000
}

func create(int) int {
	for i := 0; i < 100000; i++ {
		together(1, func(int) {})
	}
	return 100000
}

func buffer(pairs int) func(int) int {
	const places = 64
	var lock sync.Mutex
	notEmpty, notFull := sync.NewCond(&lock), sync.NewCond(&lock)
	var items, first, count int64
	var places64 [places]int64
	for p := 0; p < pairs; p++ {
		go func() {
			for i := int64(0); ; i++ {
				lock.Lock()
				for count == places {
					notFull.Wait()
				}
				places64[(first+count)%places] = i
				count++
				notEmpty.Signal()
				lock.Unlock()
			}
		}()
		go func() {
			for {
				lock.Lock()
				for count == 0 {
					notEmpty.Wait()
				}
				sink += uint64(places64[first])
				first = (first + 1) % places
				count--
				atomic.AddInt64(&items, 1)
				notFull.Signal()
				lock.Unlock()
			}
		}()
	}
	return func(int) int {
		before := atomic.LoadInt64(&items)
		time.Sleep(200 * time.Millisecond)
		return int(atomic.LoadInt64(&items)-before) + 1
	}
}

// ring is bench/threads/pipes.c: a goroutine for each pipe or socket pair, a quarter of them, at most 128, with a token of 12 bytes.
func ring(kind string, pipes int) func(int) int {
	const token = 12
	reads, writes := make([]*os.File, pipes), make([]*os.File, pipes)
	for i := range reads {
		var ends [2]int
		var err error
		if kind == "pipes" {
			err = syscall.Pipe2(ends[:], syscall.O_NONBLOCK)
		} else {
			ends, err = syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_NONBLOCK, 0)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "error:", err)
			os.Exit(3)
		}
		reads[i], writes[i] = os.NewFile(uintptr(ends[0]), "read"), os.NewFile(uintptr(ends[1]), "write")
	}
	steps := make([]int64, pipes)
	for i := range reads {
		go func(i int) {
			buffer := make([]byte, token)
			for {
				if n, err := reads[i].Read(buffer); n != token || err != nil {
					return
				}
				writes[(i+1)%pipes].Write(buffer)
				atomic.AddInt64(&steps[i], 1)
			}
		}(i)
	}
	time.Sleep(100 * time.Millisecond)
	tokens := pipes / 4
	if tokens > 128 {
		tokens = 128
	}
	for i := 0; i < tokens; i++ {
		writes[i*pipes/tokens].Write(make([]byte, token))
	}
	time.Sleep(100 * time.Millisecond)
	sum := func() (all int64) {
		for i := range steps {
			all += atomic.LoadInt64(&steps[i])
		}
		return
	}
	return func(int) int {
		before := sum()
		time.Sleep(200 * time.Millisecond)
		return int(sum()-before) + 1
	}
}

// field is the kB in the line of file that begins with name.
func field(file, name string) int {
	text, _ := os.ReadFile(file)
	for _, line := range strings.Split(string(text), "\n") {
		if words := strings.Fields(line); len(words) > 1 && words[0] == name {
			kb, _ := strconv.Atoi(words[1])
			return kb
		}
	}
	return 0
}

func memory(threads int) {
	look := func() [4]int {
		return [4]int{field("/proc/self/smaps_rollup", "Pss:"), field("/proc/self/status", "VmPTE:"), field("/proc/meminfo", "KernelStack:"),
			field("/proc/meminfo", "SUnreclaim:")}
	}
	end := make(chan bool)
	var started sync.WaitGroup
	started.Add(threads)
	before := look()
	for i := 0; i < threads; i++ {
		go func() { started.Done(); <-end }()
	}
	started.Wait()
	after := look()
	each := func(i int) float64 { return float64(after[i]-before[i]) * 1024 / float64(threads) }
	fmt.Printf("threads %d  user bytes per thread %.0f  page tables %.0f  kernel stacks %.0f  kernel slabs %.0f\n", threads, each(0), each(1), each(2), each(3))
}

// The client, a process of its own, on descriptors 0 and 1.
func ask() {
	var waits []float64
	byte1 := []byte{1}
	for end := time.Now().Add(2 * time.Second); len(waits) < 500 && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
		begin := time.Now()
		os.Stdout.Write(byte1)
		os.Stdin.Read(byte1)
		waits = append(waits, float64(time.Since(begin).Microseconds()))
	}
	sort.Float64s(waits)
	fmt.Fprintf(os.Stderr, "%.0f %.0f\n", waits[len(waits)/2], waits[len(waits)*99/100])
}

func latency(threads int) {
	self, _ := os.Executable()
	client := exec.Command(self, "ask")
	client.Stderr = os.Stdout
	to, _ := client.StdinPipe()
	from, _ := client.StdoutPipe()
	if err := client.Start(); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(3)
	}
	for i := 0; i < threads; i++ {
		go func(x uint64) {
			for {
				x = work(x)
				atomic.StoreUint64(&sink, x)
			}
		}(uint64(i))
	}
	byte1 := []byte{1}
	for {
		if n, _ := from.Read(byte1); n != 1 {
			return
		}
		to.Write(byte1)
	}
}

func main() {
	n := 64
	if len(os.Args) > 2 {
		n, _ = strconv.Atoi(os.Args[2])
	}
	run := map[string]func(int) int{"cpu": cpu, "yield": yield, "handoff": handoff, "mutex": mutex, "create": create}
	switch what := os.Args[1]; what {
	case "ask":
		ask()
		return
	case "latency":
		latency(n)
		return
	case "memory":
		memory(n)
		return
	case "buffer":
		run[what] = buffer(n)
	case "pipes", "sockets":
		run[what] = ring(what, n)
	}
	for round := 0; round < 5; round++ {
		measure(func() int { return run[os.Args[1]](n) })
	}
	sort.Float64s(walls)
	sort.Float64s(cpus)
	fmt.Printf("%.2f %.2f\n", walls[2], cpus[2])
}
