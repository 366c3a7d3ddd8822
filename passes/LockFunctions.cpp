// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The tables. Not among those that wait: locking another lock, which is ordinary; signalling; creating; closing a descriptor;
// whatever looks at a lock or a thread without waiting. What works on names and sizes of files waits for directories and the journal
// (docs/disk.md). The input of a stream waits like read; its output goes to a buffer or to a log, so that it is a class of its own.
#include "LockFunctions.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/IR/Constants.h"

using namespace llvm;

namespace capriccio {
namespace {

using Names = std::initializer_list<StringRef>;

StringMap<LockEffect> makeEffects() {
  StringMap<LockEffect> Map;
  auto Add = [&](LockEffect E, Names List) {
    for (StringRef Name : List)
      Map[Name] = E;
  };
  using E = LockEffect;
  Add({E::Acquire, LockKind::Mutex}, {"pthread_mutex_lock", "__pthread_mutex_lock", "mtx_lock"});
  Add({E::Try, LockKind::Mutex}, {"pthread_mutex_trylock", "__pthread_mutex_trylock", "pthread_mutex_timedlock", "pthread_mutex_clocklock",
                                  "mtx_trylock", "mtx_timedlock"});
  Add({E::Release, LockKind::Mutex}, {"pthread_mutex_unlock", "__pthread_mutex_unlock", "pthread_mutex_init", "__pthread_mutex_init",
                                      "pthread_mutex_destroy", "__pthread_mutex_destroy", "mtx_unlock", "mtx_init", "mtx_destroy"});
  Add({E::Acquire, LockKind::ReadWrite}, {"pthread_rwlock_wrlock", "__pthread_rwlock_wrlock"});
  Add({E::Acquire, LockKind::ReadWrite, /*Shared=*/true}, {"pthread_rwlock_rdlock", "__pthread_rwlock_rdlock"});
  Add({E::Try, LockKind::ReadWrite}, {"pthread_rwlock_trywrlock", "__pthread_rwlock_trywrlock", "pthread_rwlock_timedwrlock",
                                      "pthread_rwlock_clockwrlock"});
  Add({E::Try, LockKind::ReadWrite, /*Shared=*/true}, {"pthread_rwlock_tryrdlock", "__pthread_rwlock_tryrdlock", "pthread_rwlock_timedrdlock",
                                                       "pthread_rwlock_clockrdlock"});
  Add({E::Release, LockKind::ReadWrite}, {"pthread_rwlock_unlock", "__pthread_rwlock_unlock", "pthread_rwlock_init", "__pthread_rwlock_init",
                                          "pthread_rwlock_destroy", "__pthread_rwlock_destroy"});
  Add({E::Acquire, LockKind::Spin}, {"pthread_spin_lock"});
  Add({E::Try, LockKind::Spin}, {"pthread_spin_trylock"});
  Add({E::Release, LockKind::Spin}, {"pthread_spin_unlock", "pthread_spin_init", "pthread_spin_destroy"});
  Add({E::Wait, LockKind::Mutex, false, 1}, {"pthread_cond_wait", "pthread_cond_timedwait", "pthread_cond_clockwait", "cnd_wait", "cnd_timedwait"});
  return Map;
}

StringMap<WaitClass> makeClasses() {
  StringMap<WaitClass> Map;
  auto Add = [&](WaitClass C, Names List) {
    for (StringRef Name : List)
      Map[Name] = C;
  };
  // Others, and time.
  Add(WaitClass::Any,
      {"accept", "accept4", "connect", "poll", "ppoll", "__poll_chk", "__ppoll_chk", "select", "pselect", "epoll_wait", "epoll_pwait", "epoll_pwait2",
       "eventfd_read", "eventfd_write", "tcdrain",
       "read", "__read_chk", "readv", "write", "writev", "recv", "__recv_chk", "recvfrom", "__recvfrom_chk", "recvmsg", "recvmmsg", "send",
       "sendto", "sendmsg", "sendmmsg", "sendfile", "sendfile64", "splice", "tee", "vmsplice", "fcntl", "fcntl64", "flock", "lockf", "lockf64",
       "mq_receive", "mq_send", "mq_timedreceive", "mq_timedsend", "msgrcv", "msgsnd", "semop", "semtimedop", "sem_wait", "sem_timedwait",
       "sem_clockwait", "pthread_cond_wait", "pthread_cond_timedwait", "pthread_cond_clockwait", "cnd_wait", "cnd_timedwait",
       "pthread_barrier_wait", "pthread_join", "pthread_timedjoin_np", "pthread_clockjoin_np", "thrd_join", "sleep", "usleep", "nanosleep",
       "clock_nanosleep", "thrd_sleep", "pause", "sigsuspend", "sigpause", "__sigpause", "__xpg_sigpause", "sigwait", "sigwaitinfo",
       "sigtimedwait", "wait", "wait3", "wait4", "waitid", "waitpid", "system", "pclose", "aio_suspend", "aio_suspend64", "gai_suspend",
       "capr_runtime_resource_acquire"});
  // Name services.
  Add(WaitClass::Any, {"res_query", "res_search", "res_querydomain", "res_send", "res_nquery", "res_nsearch", "res_nquerydomain", "res_nsend"});
  Add(WaitClass::Any, {"getaddrinfo", "getnameinfo", "gethostbyaddr", "gethostbyaddr_r", "gethostbyname", "gethostbyname2",
                       "gethostbyname2_r", "gethostbyname_r", "getgrgid", "getgrgid_r", "getgrnam", "getgrnam_r", "getgrouplist",
                       "getpwnam", "getpwnam_r", "getpwuid", "getpwuid_r"});
  // Disks.
  Add(WaitClass::Any,
      {"pread", "pread64", "__pread_chk", "__pread64_chk", "preadv", "preadv2", "preadv64", "preadv64v2", "pwrite", "pwrite64", "pwritev",
       "pwritev2", "pwritev64", "pwritev64v2", "fsync", "fdatasync", "sync", "syncfs", "sync_file_range", "msync", "fallocate", "fallocate64",
       "posix_fallocate", "posix_fallocate64", "copy_file_range", "open", "open64", "openat", "openat64", "__open_2", "__open64_2", "__openat_2",
       "__openat64_2", "creat", "creat64", "stat", "stat64", "lstat", "lstat64", "fstatat", "fstatat64", "statx", "statfs", "statfs64",
       "statvfs", "statvfs64", "access", "faccessat", "euidaccess", "eaccess", "readlink", "readlinkat", "__readlink_chk", "__readlinkat_chk",
       "realpath", "__realpath_chk", "canonicalize_file_name", "rename", "renameat", "renameat2", "unlink", "unlinkat", "rmdir", "remove",
       "mkdir", "mkdirat", "mknod", "mknodat", "mkfifo", "mkfifoat", "link", "linkat", "symlink", "symlinkat", "chmod", "fchmod", "chown",
       "fchown", "lchown", "fchownat", "utimensat", "futimens", "truncate", "truncate64", "ftruncate", "ftruncate64", "opendir", "readdir",
       "readdir64", "readdir_r", "readdir64_r", "getdents64", "chdir", "glob", "glob64", "lio_listio", "lio_listio64", "getxattr", "lgetxattr",
       "fgetxattr", "setxattr", "lsetxattr", "fsetxattr", "listxattr", "llistxattr", "flistxattr", "removexattr", "lremovexattr",
       "fremovexattr", "popen", "fopen", "fopen64", "freopen", "freopen64"});
  // The input of streams.
  Add(WaitClass::Any,
      {"fread", "__fread_chk", "fread_unlocked", "__fread_unlocked_chk", "fgets", "__fgets_chk", "fgets_unlocked", "__fgets_unlocked_chk",
       "fgetc", "getc", "_IO_getc", "getchar", "fgetc_unlocked", "getc_unlocked", "getchar_unlocked", "__uflow", "getw",
       "getdelim", "__getdelim", "getline", "scanf", "fscanf", "vscanf", "vfscanf", "__isoc99_scanf", "__isoc99_fscanf",
       "__isoc99_vscanf", "__isoc99_vfscanf", "__isoc23_scanf", "__isoc23_fscanf", "__isoc23_vscanf",
       "__isoc23_vfscanf"});
  Add(WaitClass::Stream,
      {"printf", "__printf_chk", "fprintf", "__fprintf_chk", "vprintf", "__vprintf_chk", "vfprintf", "__vfprintf_chk", "dprintf",
       "__dprintf_chk", "vdprintf", "__vdprintf_chk", "puts", "fputs", "fputs_unlocked", "fputc", "putc", "_IO_putc", "putchar",
       "fputc_unlocked", "putc_unlocked", "putchar_unlocked", "__overflow", "putw",
       "fwrite", "fwrite_unlocked", "fflush", "fflush_unlocked", "_IO_fflush", "fclose", "fseek", "fseeko", "fseeko64", "fsetpos",
       "fsetpos64", "rewind", "perror", "psignal", "psiginfo", "warn", "warnx", "vwarn", "vwarnx", "err", "errx", "verr", "verrx", "error",
       "error_at_line"});
  return Map;
}

/// The constant that is passed, if it is one.
std::optional<int64_t> constantArgument(const CallBase &Site, unsigned I) {
  if (I < Site.arg_size())
    if (const auto *C = dyn_cast<ConstantInt>(Site.getArgOperand(I)); C && C->getBitWidth() <= 64)
      return C->getSExtValue();
  return std::nullopt;
}

/// Flags that say so: MSG_DONTWAIT, WNOHANG, LOCK_NB or LOCK_UN, and so on, as Linux numbers them on x86-64.
bool saysNotToWait(StringRef Name, const CallBase &Site) {
  auto Has = [&](unsigned I, int64_t Bits) {
    auto C = constantArgument(Site, I);
    return C && (*C & Bits);
  };
  auto Is = [&](unsigned I, std::initializer_list<int64_t> Values) {
    auto C = constantArgument(Site, I);
    return C && is_contained(Values, *C);
  };
  constexpr int64_t MsgDontWait = 0x40, NoHang = 1, LockNow = 4 | 8, IpcNoWait = 04000;
  if (Name == "fcntl" || Name == "fcntl64") // waits as F_SETLKW or F_OFD_SETLKW only
    return !Is(1, {7, 38});
  if (Name == "recv" || Name == "__recv_chk" || Name == "recvfrom" || Name == "__recvfrom_chk" || Name == "send" || Name == "sendto" ||
      Name == "recvmmsg" || Name == "sendmmsg")
    return Has(Name == "__recv_chk" || Name == "__recvfrom_chk" ? 4 : 3, MsgDontWait);
  if (Name == "recvmsg" || Name == "sendmsg")
    return Has(2, MsgDontWait);
  if (Name == "waitpid" || Name == "wait4")
    return Has(2, NoHang);
  if (Name == "waitid")
    return Has(3, NoHang);
  if (Name == "wait3")
    return Has(1, NoHang);
  if (Name == "flock")
    return Has(1, LockNow);
  if (Name == "lockf" || Name == "lockf64")
    return Is(1, {0, 2, 3}); // F_ULOCK, F_TLOCK, F_TEST
  if (Name == "msgrcv")
    return Has(4, IpcNoWait);
  if (Name == "msgsnd")
    return Has(3, IpcNoWait);
  if (Name == "poll" || Name == "__poll_chk")
    return Is(2, {0});
  if (Name == "epoll_wait" || Name == "epoll_pwait")
    return Is(3, {0});
  if (Name == "lio_listio" || Name == "lio_listio64")
    return Is(0, {1}); // LIO_NOWAIT
  if (Name == "sleep" || Name == "usleep")
    return Is(0, {0});
  return false;
}

} // namespace

const char *lockName(LockKind Kind) {
  switch (Kind) {
  case LockKind::Mutex:
    return "mutex";
  case LockKind::ReadWrite:
    return "read-write lock";
  case LockKind::Spin:
    return "spin lock";
  }
  return "";
}

LockEffect lockEffect(StringRef Function) {
  static const StringMap<LockEffect> Map = makeEffects();
  auto It = Map.find(Function);
  return It == Map.end() ? LockEffect() : It->second;
}

WaitClass waitClass(StringRef Function, const CallBase &Site) {
  static const StringMap<WaitClass> Map = makeClasses();
  auto It = Map.find(Function);
  return It == Map.end() || saysNotToWait(Function, Site) ? WaitClass::None : It->second;
}

bool callsBack(StringRef RuntimeFunction) {
  static const StringSet<> Names = {"pthread_once", "__pthread_once", "call_once", "glob", "glob64", "_pthread_cleanup_pop",
                                    "_pthread_cleanup_pop_restore"};
  return Names.contains(RuntimeFunction);
}

} // namespace capriccio
