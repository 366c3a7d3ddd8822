# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Where the graph is written, and that it is JSON, one condition a function; the last argument names it.

import json
import os
import select
import shutil
import signal
import stat
import subprocess
import sys
import time

from looking import BUILD, OUT, check, until

program = os.path.abspath(sys.argv[3])


def inside(name):
    return os.path.join(OUT, name)


def fresh():
    shutil.rmtree(OUT)
    os.makedirs(OUT)


def run(file, *arguments, binary=program, **more):
    environment = {**os.environ, "CAPRICCIO_GRAPH": file, **more.pop("environment", {})}
    done = subprocess.run([binary, *arguments], env=environment, cwd=OUT, capture_output=True, text=True, timeout=60, **more)
    check(done.returncode == 0, f"{arguments}: status {done.returncode}, {done.stderr!r}")
    return done


def unique(pairs):
    names = [name for name, _ in pairs]
    check(len(set(names)) == len(names), f"a name once: {names}")
    return dict(pairs)


def read(name):
    with open(inside(name), encoding="utf-8") as f:
        return json.load(f, object_pairs_hook=unique)


def pipe():
    """Into a pipe that is there, by descriptors that are not the program's."""
    fresh()
    os.mkfifo(inside("a.json"))
    end = os.open(inside("a.json"), os.O_RDONLY | os.O_NONBLOCK)
    environment = {**os.environ, "CAPRICCIO_GRAPH": "a.json"}
    with subprocess.Popen([program, "threads", "calls", "hear"], env=environment, cwd=OUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as p:
        check(int(p.stdout.readline()) == p.pid, "it runs")
        p.send_signal(signal.SIGUSR2)
        # More than the pipe holds: the writer waits for this reader.
        until(lambda: select.select([end], [], [], 0)[0], "something is written")
        held = [os.readlink(f"/proc/{p.pid}/fd/{fd}") for fd in os.listdir(f"/proc/{p.pid}/fd")]
        check(os.path.abspath(inside("a.json")) not in held, f"no number of the program's leads there: {held}")
        text = b""
        os.set_blocking(end, True)
        while piece := os.read(end, 1 << 20):
            text += piece
        check(len(text) > 65536 and json.loads(text)["pid"] == p.pid, "all of it came")
        p.communicate(b"\n")
        check(p.returncode == 0, f"at exit nobody reads, which is no fault: {p.returncode}")
    check(stat.S_ISFIFO(os.stat(inside("a.json")).st_mode) and os.listdir(OUT) == ["a.json"], "still a pipe, alone")


def places():
    """Behind a link; where the program started; not beyond a limit; the one of two that fails is named; an empty name is none."""
    fresh()
    with open(inside("b.json"), "w") as f:
        f.write("old")
    os.symlink("b.json", inside("a.json"))
    run("a.json", "threads", "away")
    check(os.path.islink(inside("a.json")) and read("b.json")["threads"] == 4, "the link is a link")
    check(sorted(os.listdir(OUT)) == ["a.dot", "a.json", "b.json"], os.listdir(OUT))
    fresh()
    done = run("a.json", "threads", preexec_fn=lambda: __import__("resource").setrlimit(__import__("resource").RLIMIT_FSIZE, (0, 0)))
    check("File too large" in done.stderr and os.listdir(OUT) == [], f"{done.stderr!r} {os.listdir(OUT)}")
    fresh()
    os.mkdir(inside("a.dot"))
    done = run("a.json", "threads")
    check("a.dot: the blocking graph could not be written" in done.stderr and read("a.json")["threads"] == 4, done.stderr)
    done = run("", "threads")
    check(done.stderr.count("\n") == 1 and "bad value, ignored" in done.stderr, done.stderr)


def forks():
    """A child's file is its own, if it makes threads, and counts none of its parent's."""
    fresh()
    done = run("a.json", "threads", "fork", "threads", "hear", input="\n")
    child = int(done.stdout)
    check(sorted(os.listdir(OUT)) == sorted(["a.json", "a.dot", f"a.{child}.json", f"a.{child}.dot"]), os.listdir(OUT))
    for name in ("a.json", f"a.{child}.json"):
        g = read(name)
        there = sum(n["threads"] for n in g["nodes"])
        check(g["threads"] == there == 4, f"{name}: {g['threads']} threads, {there} at nodes")
    check(read("a.json")["pid"] != child == read(f"a.{child}.json")["pid"], "each its own")
    starts = {n["id"].split(":")[0] + "".join(c["function"] for c in n["chain"]): n["count"] for n in read(f"a.{child}.json")["nodes"] if n["id"].startswith("start")}
    check(starts == {"start": 1, "startwaiter": 6}, f"of both: {starts}")
    fresh()
    run("a.json", "threads", "fork")
    check(sorted(os.listdir(OUT)) == ["a.dot", "a.json"], os.listdir(OUT))


def names():
    """Names that a program chooses, a file's name of any bytes, a decimal comma."""
    fresh()
    odd = os.path.join(os.path.dirname(os.path.abspath(OUT)).encode(), b"od\xff\"d\xc3\xa9\xed\xa0\x80")
    shutil.copy(program, odd)
    environment, comma = {}, False
    if shutil.which("localedef") and not subprocess.run(["localedef", "-i", "de_DE", "-f", "UTF-8", inside("de_DE.UTF-8")],
                                                        capture_output=True).returncode:
        environment, comma = {"LOCPATH": os.path.abspath(OUT), "LC_ALL": "de_DE.UTF-8"}, True
    done = run("a.json", "locale", "threads", "resources", binary=odd, environment=environment)
    check(not comma or done.stdout == "locale\n", "the comma is tried")
    os.unlink(odd)
    g = read("a.json")
    check(g["program"] == "od\ufffd\"d\u00e9\ufffd\ufffd\ufffd", ascii(g["program"]))
    edges = [e["named"] for e in g["edges"]]
    check(all(set(e) == {'disk "fast" \\ slot', "count"} for e in edges), edges)
    check(any(e["count"]["mean"] for e in edges), "somebody took")
    summary = subprocess.run([os.path.join(BUILD, "bin", "capgraph"), inside("a.json"), "--dot", inside("x.dot")], capture_output=True, text=True)
    check(summary.returncode == 0, summary.stderr)
    summary = subprocess.run([os.path.join(BUILD, "bin", "capgraph"), inside("a.json")], capture_output=True, text=True)
    check('disk "fast" \\ slot ' in summary.stdout, summary.stdout)
    with open(inside("x.dot")) as f:
        check('disk \\"fast\\" \\\\ slot +' in f.read(), "quoted for graphviz")


def storm():
    """Of many signals the one that is written and the last count; the process's end waits for no more."""
    fresh()
    os.mkfifo(inside("a.json"))
    end = os.open(inside("a.json"), os.O_RDONLY | os.O_NONBLOCK)
    environment = {**os.environ, "CAPRICCIO_GRAPH": "a.json"}
    with subprocess.Popen([program, "threads", "calls", "hear"], env=environment, cwd=OUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as p:
        p.stdout.readline()
        tasks = len(os.listdir(f"/proc/{p.pid}/task"))
        for _ in range(20):
            p.send_signal(signal.SIGUSR2)
            time.sleep(0.02)
        tasks = len(os.listdir(f"/proc/{p.pid}/task")) - tasks
        check(tasks <= 1, f"one kernel thread writes, not {tasks}")
        _, errors = p.communicate(b"\n")
        # Each waits two seconds for the reader: perhaps one or two that were written meanwhile, and the last.
        check(p.returncode == 0 and 0 < errors.count(b"Connection timed out") < 10, errors)
    os.close(end)


def last():
    """What is there at the end is the whole, however many were being written."""
    for _ in range(10):
        fresh()
        run("a.json")
        functions = {step["function"] for n in read("a.json")["nodes"] for step in n["chain"]}
        check("at_the_end" in functions, functions)
        check(sorted(os.listdir(OUT)) == ["a.dot", "a.json"], os.listdir(OUT))


def file_names():
    """As long as a name may be; with the process's number in it, also a forked child's."""
    fresh()
    long = "a" * 250 + ".json"
    done = run(long, "threads")
    check(done.stderr == "" and sorted(os.listdir(OUT)) == ["a" * 250 + ".dot", long], f"{done.stderr!r} {os.listdir(OUT)}")
    fresh()
    done = run("g-%p-%p.json", "threads", "fork", "threads", "hear", input="\n")
    child = int(done.stdout)
    check(len(os.listdir(OUT)) == 4 and read(f"g-{child}-{child}.json")["pid"] == child, os.listdir(OUT))
    fresh()
    done = run("g-%d.json", "threads")
    check(done.stderr.count("\n") == 1 and "bad value, ignored" in done.stderr and not os.listdir(OUT), done.stderr)


def signals():
    """Signals that a fault raises are refused, those of real time have names."""
    fresh()
    for name in ("SEGV", "BUS", "ILL", "FPE", "TRAP", "ABRT", "SYS", "KILL", "STOP", "SIGSEGV", "11", "33", "65", "RTMIN+", "RTMIN-1", "RTMIN+31", "RTMAX-31", "3x"):
        done = run("off", environment={"CAPRICCIO_DUMP_SIGNAL": name})
        check(done.stderr.count("\n") == 1 and f"CAPRICCIO_DUMP_SIGNAL={name}: bad value, ignored" in done.stderr, f"{name}: {done.stderr!r}")
    for name, number in (("RTMIN+3", signal.SIGRTMIN + 3), ("SIGRTMAX-2", signal.SIGRTMAX - 2), ("RTMIN", signal.SIGRTMIN), ("HUP", signal.SIGHUP)):
        fresh()
        environment = {**os.environ, "CAPRICCIO_GRAPH": "on", "CAPRICCIO_DUMP_SIGNAL": name}
        with subprocess.Popen([program, "threads", "hear"], env=environment, cwd=OUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as p:
            p.stdout.readline()
            p.send_signal(number)
            until(lambda: os.path.exists(inside(f"capriccio-{p.pid}.dot")), f"{name} has it written")
            p.communicate(b"\n")
            check(p.returncode == 0, f"{name}: {p.returncode}")


globals()[sys.argv[4]]()
