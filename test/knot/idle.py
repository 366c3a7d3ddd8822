# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Ten thousand connections that are mostly idle: each is served, waits, is served again. Prints what one costs in resident memory.
# KNOT_IDLE says how many.

from harness import *


def test_many_idle_connections():
    count = int(os.environ.get("KNOT_IDLE", "10000"))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < count + 100:
        raise Skip(f"{count} connections need {count + 100} descriptors, {hard} are allowed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with Tree() as tree, Server("--idle-timeout", "600", root=tree.root, stop_within=60) as server:
        pid = server.process.pid
        get(server, "/a.txt")
        base = resident_bytes(pid)
        clients = []
        for i in range(count):
            clients.append(Client(server))
            if i % 100 == 99:  # a backlog's worth at a time
                for client in clients[-100:]:
                    equal(client.get("/a.txt").status, 200, f"connection {i}")
        per_connection = (resident_bytes(pid) - base) // count
        time.sleep(1)
        for client in clients:
            equal(client.get("/a.txt").status, 200, "second request")
        took = server.stop()
        check(took < 30, f"stop took {took:.1f} s")
        for client in clients:
            check(client.ended(), "not closed")
            client.close()
        equal(server.stats["requests"], 2 * (count // 100 * 100) + count % 100 + 1, "requests counted")
    return f"{count} connections, {per_connection} resident bytes each, stop in {took:.2f} s"


run(globals())
