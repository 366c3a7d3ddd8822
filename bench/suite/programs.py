# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Builds what the benchmarks run, into build/bench/bin, again only where a source, a header beside it or the compiler is newer. A peer whose
package is neither installed nor unpacked by bench/fetch raises Absent, which names the package."""

import glob
import os
import shutil
import subprocess

root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
place = os.path.join(root, "build/bench")
packages = os.path.join(place, "packages/usr")
build_tree = os.path.abspath(os.environ.get("CAPCC_BUILD") or os.path.join(root, "build/release"))
clang = "/usr/lib/llvm-22/bin/clang"

# Where a library's archive may be: as bench/fetch unpacks it, or installed.
LIBRARIES = [os.path.join(base, lib) for base in (packages, "/usr") for lib in ("lib/x86_64-linux-gnu", "lib")]


class Absent(Exception):
    """The Debian package to install."""


class Failed(Exception):
    """What went wrong, in a line."""


def capcc():
    compiler = os.environ.get("CAPCC") or os.path.join(build_tree, "bin/capcc")
    if not os.access(compiler, os.X_OK):
        raise SystemExit("bench/run: error: %s: not there; run script/build first, or set CAPCC" % compiler)
    return os.path.abspath(compiler)


def tool(name, package):
    """A program of a package, installed or unpacked, where it may have the package's name."""
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", os.path.join(packages, "bin"), os.path.join(packages, "sbin")])
    found = shutil.which(name, path=path) or shutil.which(package, path=path)
    if not found:
        raise Absent(package)
    return found


def tool_command(name, package):
    """The same as the beginning of a command, which finds the libraries that were unpacked with it."""
    found = tool(name, package)
    return [found] if not found.startswith(packages) else ["env", "LD_LIBRARY_PATH=" + os.path.join(packages, "lib/x86_64-linux-gnu"), found]


def archive(name, package):
    for directory in LIBRARIES:
        if os.path.exists(os.path.join(directory, name)):
            return os.path.join(directory, name)
    raise Absent(package)


def made(name, inputs, commands, cwd=root):
    """build/bench/bin/NAME, from `inputs`, by `commands(output)`; what stands there and is newer than all of them stays."""
    output = os.path.join(place, "bin", name)
    if os.path.exists(output) and all(os.path.getmtime(output) >= os.path.getmtime(i) for i in inputs if os.path.exists(i)):
        return output
    os.makedirs(os.path.dirname(output), exist_ok=True)
    partial = output + ".partial"
    for command in commands(partial):
        done = subprocess.run(command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=900,
                              env=dict(os.environ, GOCACHE=os.path.join(place, "go"), GOFLAGS="-mod=mod", GO111MODULE="off"))
        if done.returncode:
            raise Failed("%s does not build: %s" % (name, (done.stdout.decode(errors="replace").strip() or "no message").splitlines()[-1]))
    os.replace(partial, output)
    return output


def compiler_parts():
    compiler = capcc()
    prefix = os.path.dirname(os.path.dirname(compiler))
    return [compiler] + glob.glob(os.path.join(prefix, "lib/capcc/*"))


def beside(source):
    return [os.path.join(root, source)] + glob.glob(os.path.join(root, os.path.dirname(source), "*.h")) + glob.glob(os.path.join(root, "bench/threads/*.h"))


def named(source):
    return os.path.splitext(os.path.basename(source))[0]


def ours(source, *flags):
    return made(named(source) + "-capcc" + "".join(flags), beside(source) + compiler_parts(),
                lambda output: [[capcc(), "-O2", "-D_GNU_SOURCE", *flags, "-o", output, source]])


def native(source):
    return made(named(source) + "-native", beside(source),
                lambda output: [[clang, "-O2", "-D_GNU_SOURCE", "-pthread", "-o", output, source]])


def bare():
    source = "bench/peers/bare.c"
    return made("bare", beside(source), lambda output: [[clang, "-O2", "-mno-red-zone", "-D_GNU_SOURCE", "-o", output, source]])


def adapted(name, compiler, libraries):
    """bench/peers/threads.c for the package that the header NAME.h is about."""
    source = "bench/peers/threads.c"
    return made(name, beside(source), lambda output: [[*compiler, "-O2", "-D_GNU_SOURCE", "-I" + os.path.join(packages, "include"), "-include",
                                                       "bench/peers/%s.h" % name, source, "-o", output, *libraries, "-pthread"]])


def pth():
    return adapted("pth", [clang, "-Wno-everything"], [archive("libpth.a", "libpth-dev")])


def state_threads():
    return adapted("st", [clang, "-Wno-everything"], [archive("libst.a", "libst-dev")])


def boost_fiber():
    libraries = [archive("libboost_%s.a" % n, "libboost-fiber-dev") for n in ("fiber", "context")]
    return adapted("fiber", [tool("g++", "g++"), "-w"], libraries)


def go(source="bench/workers/bench.go"):
    compiler = tool("go", "golang-go")
    return made(named(source) + "-go", [os.path.join(root, source)], lambda output: [[compiler, "build", "-o", output, source]])


def knot(compiler, flags=""):
    """Knot by its own Makefile; flags of the link."""
    name = "knot-" + ("capcc" if compiler == capcc() else "native") + flags
    inputs = glob.glob(os.path.join(root, "bench/knot/*")) + (compiler_parts() if compiler == capcc() else [])
    objects = os.path.join(place, name)
    return made(name, inputs, lambda output: [["rm", "-rf", objects], ["make", "-s", "-f", "bench/knot/Makefile", "CC=" + compiler, "OUT=" + objects, "LDFLAGS=" + flags],
                                              ["cp", os.path.join(objects, "knot"), output]])


def version(package):
    """Of a Debian package that is installed; empty if it is not."""
    done = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return done.stdout.strip()


def httpd(mpm, build):
    """The directory of Apache httpd with that MPM, whose objects bench/httpd links again and again. `build`: it may be made, which takes minutes."""
    directory = os.path.join(place, "httpd" + ("-event" if mpm == "event" else ""))
    if not os.path.exists(os.path.join(directory, "link")):
        if not build:
            raise Failed("not built; bench/run apache, without --quick, builds it, or bench/httpd/build")
        apr = os.path.join(place, "httpd/prefix")
        script("bench/httpd/build", directory, mpm, *([apr] if os.path.exists(os.path.join(apr, "bin/apu-1-config")) else []), timeout=1800)
    return directory


def httpd_link(directory, name, *flags):
    """DIRECTORY/NAME, linked anew where a part of capcc is newer; the objects are what they were: what capcc does it does at the link."""
    output = os.path.join(directory, name)
    if os.path.exists(output) and "--clang" not in flags and any(os.path.getmtime(part) > os.path.getmtime(output) for part in compiler_parts()):
        os.remove(output)
    if not os.path.exists(output):
        for left in glob.glob(output + ".*"):
            os.remove(left)
        script("bench/httpd/relink", directory, name, *flags, timeout=900)
    return output


def script(name, *arguments, timeout=300, env=None):
    """What one of the project's scripts prints."""
    done = subprocess.run([os.path.join(root, name), *arguments], cwd=root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout,
                          text=True, env=dict(os.environ, CAPCC_BUILD=build_tree, CAPCC=capcc(), **(env or {})))
    if done.returncode:
        raise Failed("%s: %s" % (name, (done.stderr.strip() or "status %d" % done.returncode).splitlines()[-1]))
    return done.stdout
