# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Nothing outside the root is ever served: not by dots, not encoded, not through symbolic links. A file beside the root holds a
# secret; no response may contain it.

import random

from harness import *


def raw_get(server, path):
    with Client(server) as client:
        client.request(path)
        response = client.response()
        check(SECRET not in response.body, f"{path}: the secret")
        return response.status


def test_paths_that_climb_above_the_root_are_403():
    with Tree() as tree, Server(root=tree.root) as server:
        for path in ("/../secret.txt", "/..", "/../", "/dir/../../secret.txt", "/%2e%2e/secret.txt", "/.%2E/secret.txt", "/%2e./secret.txt",
                     "/..%2fsecret.txt", "/dir/..%2F..%2Fsecret.txt", "/dir/../..", "/./../secret.txt", "//../secret.txt", "/../root/a.txt"):
            equal(raw_get(server, path), 403, path)


def test_paths_that_stay_within_are_normalised():
    with Tree() as tree, Server(root=tree.root) as server:
        for path in ("/dir/../a.txt", "/./a.txt", "//a.txt", "/dir//..//a.txt", "/x/../a.txt", "/dir/.", "/dir/./", "/dir/..", "/dir/%2e%2e/a.txt", "/%2fa.txt"):
            equal(raw_get(server, path), 200, path)
        tree.write("..a/...", b"x")
        for path in ("/..a/...", "/%2e.a/..%2e"):
            equal(raw_get(server, path), 200, path)


def test_an_encoding_is_decoded_once():
    with Tree() as tree, Server(root=tree.root) as server:
        for path in ("/%252e%252e/secret.txt", "/..%255c..%255csecret.txt", "/..%c0%afsecret.txt", "/..\\secret.txt"):
            equal(raw_get(server, path), 404, path)


def test_symbolic_links_out_of_the_root_are_403():
    with Tree() as tree, Server(root=tree.root) as server:
        for name, target in (("up", ".."), ("file", "../secret.txt"), ("absolute", tree.top), ("fd", "/proc/self/root"), ("loop", "loop"),
                             ("dir/deep", "../../secret.txt")):
            os.symlink(target, os.path.join(tree.root, name))
        for path in ("/up/secret.txt", "/file", "/absolute/secret.txt", "/fd" + tree.top + "/secret.txt", "/loop", "/dir/deep"):
            equal(raw_get(server, path), 403, path)


def test_symbolic_links_within_the_root_are_followed():
    with Tree() as tree, Server(root=tree.root) as server:
        os.symlink("../a.txt", os.path.join(tree.root, "dir/link"))
        os.symlink("dir", os.path.join(tree.root, "linked"))
        for path in ("/dir/link", "/linked/", "/linked/link"):
            equal(raw_get(server, path), 200, path)


def test_random_paths_never_leave_the_root():
    seed = int(os.environ.get("KNOT_SEED", "7"))
    chance = random.Random(seed)
    parts = ["..", ".", "", "%2e%2e", "%2E.", "dir", "up", "secret.txt", "a.txt", "..%2f", "%2f", "%5c", "...", "%00", "..;", "%252e", "root", "\u00e9", "?", "%"]
    with Tree() as tree, Server(root=tree.root) as server:
        os.symlink("..", os.path.join(tree.root, "up"))
        for _ in range(2000):
            path = "/" + "/".join(chance.choice(parts) for _ in range(chance.randint(1, 8)))
            status = raw_get(server, path)
            check(status in (200, 301, 400, 403, 404), f"{path}: {status}")
    return f"seed {seed}"


run(globals())
