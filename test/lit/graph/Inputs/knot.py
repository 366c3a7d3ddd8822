# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Three connections of three requests each, one after the other, with waits between, so that each way of the graph is gone; then the
# graph's nodes as innermost function and call, and its edges between them, against those of the source. With one worker, by which the thread
# that main joins at the end has not ended before.

import os
import re
import signal
import socket
import time

from looking import OUT, BUILD, Program, check, json, tool, until

RUNNING, ENDED = os.path.join(OUT, "running.json"), os.path.join(OUT, "ended.json")


def graph(file):
    status, out, err = tool("capgraph", file, "--json")
    check(status == 0 and err == "", f"capgraph --json: {status} {err!r}")
    g = json.loads(out)
    names = {n["id"]: f"{n['chain'][-1]['function']}:{n['call']}" if "call" in n else " ".join([n["id"].split(":")[0]] + [c["function"] for c in n["chain"]])
             for n in g["nodes"]}
    check(all(n["exact"] for n in g["nodes"]), "all chains are exact")
    edges = {(names[e["from"]], names[e["to"]]) for e in g["edges"]}
    # On a busy machine a turn may last for more than 10 ms, and the thread gives way at its next lock. Ways through there are shown as
    # if it had not.
    for passing in {n for n in names.values() if n.split(":")[-1].startswith(("pthread_mutex_", "__capr_"))}:
        before, behind = {a for a, b in edges if b == passing}, {b for a, b in edges if a == passing}
        edges = {e for e in edges if passing not in e} | {(a, b) for a in before for b in behind if passing not in (a, b)}
        names = {i: n for i, n in names.items() if n != passing}
    return set(names.values()), edges


def equal(got, want, what):
    check(got == want, f"{what}: too many {sorted(got - want)}, missing {sorted(want - got)}")


with open(os.path.join(OUT, "index.html"), "w") as f:
    f.write("x" * 1024)
for name in RUNNING, ENDED:
    if os.path.exists(name):
        os.unlink(name)
tick, take, receive, join = "sleep_ms:nanosleep", "take:accept4", "receive:recv", "main:pthread_join"
accept, conn = "start accept_thread", "start conn_thread"
nodes = {"start", accept, conn, "end", tick, take, receive}
edges = {("start", tick), (tick, tick), (accept, take), (take, take), (conn, receive), (receive, receive), (receive, "end")}


def some_requests(port):
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", port)) as s:
            for _ in range(3):
                time.sleep(0.05)  # the connection's thread waits again, on a machine that is not busy
                s.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                answer = b""
                while answer.count(b"x") < 1024:
                    answer += s.recv(65536)


with Program(os.path.join(BUILD, "bin", "knot"), "--root", OUT, "--port", "0", CAPRICCIO_GRAPH=ENDED, CAPRICCIO_TOP="0", CAPRICCIO_WORKERS="1") as knot:
    port = int(re.search(r":(\d+)/", knot.said).group(1))
    # A thread that does not have to wait leaves no trace of that place: again, until each place has been waited at.
    for _ in range(50):
        some_requests(port)
        time.sleep(0.1)
        knot.process.send_signal(signal.SIGUSR2)
        until(lambda: os.path.exists(ENDED), "SIGUSR2 has the graph written")
        os.rename(ENDED, RUNNING)
        if graph(RUNNING) == (nodes, edges):
            break
    knot.process.send_signal(signal.SIGTERM)
    check(knot.process.wait(20) == 0, "Knot ends well")

got_nodes, got_edges = graph(RUNNING)
equal(got_nodes, nodes, "nodes while it runs")
equal(got_edges, edges, "edges while it runs")
got_nodes, got_edges = graph(ENDED)
equal(got_nodes, nodes | {join}, "nodes at the end")
equal(got_edges, edges | {(tick, join), (take, "end")}, "edges at the end")
