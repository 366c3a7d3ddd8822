# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# The file cache from outside: contents always right, bytes bounded, files looked at again, the longest unused go first, and a
# file that many miss at once is read once. Counts come from --stats.

import threading

from harness import *


def test_bytes_are_bounded_and_contents_right():
    with Tree() as tree, Server("--cache-bytes", str(1 << 20), root=tree.root) as server, Client(server) as client:
        for i in range(200):
            tree.write(f"f{i}", b"%08d" % i * 1024)
        for _ in range(2):
            for i in range(200):
                check(client.get(f"/f{i}").body == b"%08d" % i * 1024, f"f{i}")
        client.close()
        server.stop()
        check(server.stats["cache_peak_bytes"] <= 1 << 20, f"{server.stats}")
        check(server.stats["cache_evictions"] > 0, "nothing was evicted")
        check(server.stats["cache_peak_bytes"] > 1 << 19, "most of the cache is unused")


def test_a_file_in_use_is_not_evicted():
    with Tree() as tree, Server("--cache-bytes", str(2 << 20), "--max-threads", "400", root=tree.root) as server, Client(server) as client:
        tree.write("hot", b"hot")
        for i in range(400):
            tree.write(f"f{i}", b"c" * 16000)
        client.get("/hot")
        for i in range(400):
            client.get(f"/f{i}")
            equal(client.get("/hot").body, b"hot", "hot")
        client.close()
        server.stop()
        equal(server.stats["cache_misses"], 401, "misses")


def test_without_a_cache_files_are_served():
    with Tree() as tree, Server("--cache-bytes", "0", root=tree.root) as server, Client(server) as client:
        for _ in range(3):
            equal(client.get("/a.txt").body, b"0123456789" * 10, "a.txt")
            equal(client.get("/empty").body, b"", "empty")
            equal(client.get("/a.txt", headers=["Range: bytes=3-5"]).body, b"345", "range")


def test_a_changed_file_is_served_anew():
    with Tree() as tree, Server(root=tree.root) as server, Client(server) as client:
        path = tree.write("changing", b"first")
        equal(client.get("/changing").body, b"first", "at first")
        tree.write("changing", b"second, longer")
        eventually(lambda: client.get("/changing").body == b"second, longer", "the second version", within=4)
        replacement = tree.write("new", b"third, renamed")
        os.rename(replacement, path)
        eventually(lambda: client.get("/changing").body == b"third, renamed", "the third version", within=4)
        os.remove(path)
        eventually(lambda: client.get("/changing").status == 404, "gone", within=4)
        tree.write("changing", b"fourth")
        equal(client.get("/changing").body, b"fourth", "back at once: failures are not cached")


def test_a_cached_file_replaced_by_a_link_out_of_the_root():
    with Tree() as tree, Server(root=tree.root) as server, Client(server) as client:
        path = tree.write("file", b"inside")
        equal(client.get("/file").body, b"inside", "at first")
        os.remove(path)
        os.symlink("../secret.txt", path)
        eventually(lambda: client.get("/file").status == 403, "refused", within=4)


def test_many_that_miss_at_once_read_once():
    with Tree() as tree, Server(root=tree.root) as server:
        content = os.urandom(900_000)
        tree.write("wanted", content)
        results, clients = [], [Client(server) for _ in range(40)]

        def fetch(client):
            results.append(client.get("/wanted").body == content)

        threads = [threading.Thread(target=fetch, args=(client,)) for client in clients]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for client in clients:
            client.close()
        equal(results, [True] * 40, "bodies")
        server.stop()
        equal((server.stats["cache_misses"], server.stats["cache_hits"]), (1, 39), "misses and hits")


def test_clients_that_hold_evicted_files_do_not_break_the_bound():
    with Tree() as tree, Server("--cache-bytes", str(16 << 20), root=tree.root) as server:
        for i in range(60):
            tree.write(f"f{i}", bytes([i]) * 900_000)
        clients = [Client(server, receive_buffer=4096) for _ in range(60)]
        for i, client in enumerate(clients):
            client.request(f"/f{i}")
        for i, client in enumerate(clients):
            check(client.response().body == bytes([i]) * 900_000, f"f{i}")
            client.close()
        server.stop()
        check(server.stats["cache_peak_bytes"] <= 16 << 20, f"{server.stats}")


run(globals())
