// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The table of external functions. A function that is not here is unknown: its arguments escape, its results are External.
// So leaving one out costs precision and never soundness; putting one in claims that POSIX, or glibc, keeps, copies, hands on and
// calls no other pointers than the row says. Three things are taken as given: pointers do not travel as text (printf, scanf, names of
// files, conversions of characters) nor as numbers that the kernel keeps (offsets, times, limits); what libc hands out as opaque
// (FILE, DIR, pthread_t) is not looked into; a string holds one pointer at most, at its start, since an address ends in bytes of zero.
#include "Models.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/ErrorHandling.h"

using namespace llvm;

namespace capriccio::pointsto {
namespace {

struct Row {
  const char *Names;
  const char *Effects; // empty: keeps nothing, returns no pointer
};

const Row Table[] = {
    // Allocation.
    {"malloc valloc pvalloc", "r = new(a0)"},
    {"calloc", "r = new(a0*a1)"},
    {"aligned_alloc memalign", "r = new(a1)"},
    {"posix_memalign", "*a0 = new(a2)"},
    {"realloc", "n = new(a1); copy n a0; r = n"},
    {"reallocarray", "n = new(a1*a2); copy n a0; r = n"},
    {"free cfree malloc_usable_size malloc_trim malloc_stats mallopt mallinfo mallinfo2 malloc_info", ""},
    // MAP_ANONYMOUS is 32. Mapped at an address that is in use, the file appears there.
    {"mmap mmap64", "n = new(a1); r = n; r = ~a0; unless a3 & 32 %r = @descriptors; unless a3 & 32 @descriptors = %r"},
    {"mremap", "r = ~a0; r = ~a4; copy a4 a0"},
    {"munmap mprotect madvise posix_madvise msync mlock munlock mlockall munlockall mincore shmdt", ""},
    {"shmat", "n = new; r = n; r = ~a1; %r = @descriptors; @descriptors = %r"},
    {"shmget shmctl shm_open shm_unlink semget semop semtimedop semctl msgget msgctl ftok", ""},
    {"msgsnd", "@descriptors = %a1"},
    {"msgrcv", "%a1 = @descriptors"},
    {"mq_send mq_timedsend", "@descriptors = %a1"},
    {"mq_receive mq_timedreceive", "%a1 = @descriptors"},
    {"brk getpagesize", ""},

    // Memory and strings.
    {"memcpy memmove __memcpy_chk __memmove_chk", "copy a0 a1 a2; r = a0"},
    {"mempcpy __mempcpy_chk", "copy a0 a1 a2; r = ~a0"},
    {"memccpy", "copy a0 a1 a3; r = ~a0"},
    {"bcopy", "copy a1 a0 a2"},
    {"memset __memset_chk", "r = a0"},
    {"bzero explicit_bzero memcmp bcmp strlen strnlen strcmp strncmp strcasecmp strncasecmp strcoll strspn strcspn "
     "strcasecmp_l strncasecmp_l strcoll_l ffs ffsl ffsll strverscmp", ""},
    {"strxfrm strxfrm_l", "*a0 = *a1"},
    {"memchr memrchr rawmemchr memmem strchr strrchr strchrnul strstr strcasestr strpbrk index rindex __rawmemchr",
     "r = ~a0"},
    {"basename __xpg_basename dirname", "r = ~a0; r = lib"},
    {"strcpy strncpy __strcpy_chk __strncpy_chk", "*a0 = *a1; r = a0"},
    {"strcat strncat __strcat_chk __strncat_chk", "%a0 = *a1; r = a0"},
    {"stpcpy stpncpy __stpcpy_chk __stpncpy_chk", "*a0 = *a1; r = ~a0"},
    {"strlcpy strlcat __strlcpy_chk __strlcat_chk", "%a0 = *a1"},
    {"swab", "copy a1 a0 a2"}, // done twice it is a copy
    {"strdup strndup __strdup __strndup", "n = new; *n = *a0; r = n"},
    {"strtok", "@tokens = ~a0; r = @tokens"},
    {"strtok_r __strtok_r", "*a2 = ~a0; r = ~a0; r = ~*a2"},
    {"strsep __strsep", "r = *a0; *a0 = ~*a0"},
    {"strtol strtoul strtoll strtoull strtod strtof strtold strtoimax strtoumax strtoq strtouq __strtol_internal "
     "__strtoul_internal __isoc23_strtol __isoc23_strtoul __isoc23_strtoll __isoc23_strtoull __isoc23_strtoimax "
     "__isoc23_strtoumax strtod_l", "*a1 = ~a0"},
    {"atoi atol atoll atof a64l", ""},
    {"l64a", "r = lib"},

    // Wide characters.
    {"wcslen wcscmp wcsncmp wcscoll mbstowcs wcstombs mbtowc wctomb mblen mbrtowc wcrtomb mbrlen mbsinit btowc wctob wcwidth "
     "wcswidth iswalpha iswdigit iswalnum iswspace iswupper iswlower iswprint iswpunct iswcntrl iswctype wctype towupper "
     "towlower putwc putwchar fputwc fgetwc getwc getwchar ungetwc fputws fwide", ""},
    // Sizes are in characters of 4 bytes. Neither half of an address is 0, so that text may be addresses.
    {"wmemcpy wmemmove wcscpy wcsncpy __wmemcpy_chk __wmemmove_chk __wcscpy_chk __wcsncpy_chk", "copy a0 a1; r = a0"},
    {"wmempcpy wcpcpy wcpncpy __wmempcpy_chk __wcpcpy_chk __wcpncpy_chk", "copy a0 a1; r = ~a0"},
    {"wcscat wcsncat __wcscat_chk __wcsncat_chk", "%a0 = %a1; r = a0"},
    {"wcsxfrm", "copy a0 a1"},
    {"wmemset __wmemset_chk", "%a0 = ext; r = a0"}, // half of an address
    {"wcsdup", "n = new; copy n a0; r = n"},
    {"wcschr wcsrchr wcsstr wmemchr", "r = ~a0"},
    {"mbsrtowcs wcsrtombs mbsnrtowcs wcsnrtombs", "*a1 = ~*a1"},

    // Searching and sorting.
    {"qsort", "copy a0[a2] a0[a2] a2; call a3(a0[a2], a0[a2])"},
    {"qsort_r", "copy a0[a2] a0[a2] a2; call a3(a0[a2], a0[a2], a4)"},
    {"bsearch", "r = a1[a3]; call a4(a0, a1[a3])"},
    {"lfind", "r = a1[a3]; call a4(a0, a1[a3])"},
    {"lsearch", "copy a1[a3] a0 a3; r = a1[a3]; call a4(a0, a1[a3])"},

    // Threads. Results of threads meet in @joined, values of keys in @specific.
    {"pthread_create", "call a2(a3) -> @joined"},
    {"pthread_join pthread_tryjoin_np", "*a1 = @joined"},
    {"pthread_timedjoin_np pthread_clockjoin_np", "*a1 = @joined"},
    {"pthread_exit", "@joined = a0"},
    {"thrd_create", "call a1(a2)"},
    {"pthread_key_create tss_create", "call a1(@specific)"},
    {"pthread_setspecific tss_set", "@specific = a1"},
    {"pthread_getspecific tss_get", "r = @specific"},
    {"pthread_once call_once", "call a1()"},
    {"pthread_atfork __register_atfork", "call a0(); call a1(); call a2()"},
    {"pthread_cleanup_push _pthread_cleanup_push _pthread_cleanup_push_defer", "call a1(a2)"},
    {"pthread_cleanup_pop _pthread_cleanup_pop _pthread_cleanup_pop_restore __pthread_register_cancel "
     "__pthread_unregister_cancel __pthread_unwind_next", ""},
    {"pthread_self pthread_equal pthread_detach pthread_cancel pthread_setcancelstate pthread_setcanceltype "
     "pthread_testcancel pthread_key_delete pthread_kill pthread_sigmask pthread_yield pthread_setname_np pthread_getname_np "
     "pthread_setaffinity_np pthread_getaffinity_np pthread_setconcurrency pthread_getconcurrency pthread_getcpuclockid "
     "pthread_attr_init pthread_attr_destroy pthread_attr_setdetachstate pthread_attr_getdetachstate "
     "pthread_attr_setstacksize pthread_attr_getstacksize pthread_attr_setguardsize pthread_attr_getguardsize "
     "pthread_attr_setscope pthread_attr_getscope pthread_attr_setschedpolicy pthread_attr_setschedparam "
     "pthread_attr_setinheritsched pthread_attr_getschedparam pthread_setschedparam pthread_getschedparam "
     "pthread_setschedprio pthread_getattr_np", ""},
    {"pthread_mutex_init pthread_mutex_destroy pthread_mutex_lock pthread_mutex_trylock pthread_mutex_timedlock "
     "pthread_mutex_clocklock pthread_mutex_unlock pthread_mutex_consistent pthread_mutexattr_init pthread_mutexattr_destroy "
     "pthread_mutexattr_settype pthread_mutexattr_gettype pthread_mutexattr_setpshared pthread_mutexattr_setrobust "
     "pthread_mutexattr_setprotocol pthread_cond_init pthread_cond_destroy pthread_cond_wait pthread_cond_timedwait "
     "pthread_cond_clockwait pthread_cond_signal pthread_cond_broadcast pthread_condattr_init pthread_condattr_destroy "
     "pthread_condattr_setclock pthread_condattr_setpshared pthread_rwlock_init pthread_rwlock_destroy "
     "pthread_rwlock_rdlock pthread_rwlock_wrlock pthread_rwlock_tryrdlock pthread_rwlock_trywrlock "
     "pthread_rwlock_timedrdlock pthread_rwlock_timedwrlock pthread_rwlock_unlock pthread_rwlockattr_init "
     "pthread_rwlockattr_destroy pthread_rwlockattr_setpshared pthread_rwlockattr_setkind_np pthread_spin_init "
     "pthread_spin_destroy pthread_spin_lock pthread_spin_trylock pthread_spin_unlock pthread_barrier_init "
     "pthread_barrier_destroy pthread_barrier_wait sem_init sem_destroy sem_wait sem_trywait sem_timedwait sem_post "
     "sem_getvalue sem_close sem_unlink", ""},
    {"sem_open", "r = lib"},

    // Atomic accesses to what no instruction is wide enough for.
    {"__atomic_load", "copy a2 a1 a0"},
    {"__atomic_store", "copy a1 a2 a0"},
    {"__atomic_exchange", "copy a3 a1 a0; copy a1 a2 a0"},
    {"__atomic_compare_exchange", "copy a2 a1 a0; copy a1 a3 a0"},

    // Ends, signals, jumps.
    {"atexit at_quick_exit", "call a0()"},
    {"on_exit", "call a0(ext, a1)"},
    {"__cxa_atexit __cxa_thread_atexit __cxa_thread_atexit_impl", "call a0(a1)"},
    {"exit _exit _Exit quick_exit abort __assert_fail __assert __stack_chk_fail __chk_fail __fortify_fail "
     "__libc_fatal", ""},
    {"signal bsd_signal sysv_signal __sysv_signal sigset",
     "@signals = a1; r = @signals; call @signals(ext, ext, ext)"},
    {"sigaction __sigaction", "@signals = *a1; *a2 = @signals; call @signals(ext, ext, ext)"},
    {"raise kill killpg sigprocmask sigpending sigsuspend sigwait sigemptyset sigfillset sigaddset "
     "sigdelset sigismember siginterrupt pause alarm ualarm setitimer getitimer", ""},
    {"sigqueue pthread_sigqueue", "@values = a2; @descriptors = @values"}, // a signalfd tells of it too
    {"sigwaitinfo sigtimedwait", "%a1 = @values"},
    {"timer_create mq_notify", "unknown; @values = %a1; @descriptors = @values"},
    {"aio_read aio_read64 aio_write aio_write64 aio_fsync aio_fsync64 lio_listio lio_listio64",
     "unknown; @values = %a0; @values = %a1; @values = %*a1; @values = %a3; @values = %%a1; "
     "@descriptors = @values; @descriptors = %%a0; %%a0 = @descriptors; @descriptors = %%%a1; %%%a1 = @descriptors"},
    {"getaddrinfo_a", "unknown; @values = %a3"},
    {"setjmp _setjmp __sigsetjmp sigsetjmp longjmp _longjmp siglongjmp __longjmp_chk", ""},
    {"psignal psiginfo", ""},
    {"strsignal", "r = lib"},

    // Descriptors: bytes come out somewhere in this process as they went in. Those of a name of a socket too.
    {"read pread pread64 recv __read_chk __pread_chk __pread64_chk __recv_chk", "%a1 = @descriptors"},
    {"recvfrom __recvfrom_chk", "%a1 = @descriptors; %a4 = @descriptors; %a5 = @descriptors"}, // checked, with another argument
    {"write pwrite pwrite64 send", "@descriptors = %a1"},
    {"sendto", "@descriptors = %a1; @descriptors = %a4"},
    {"readv preadv preadv64 preadv2 preadv64v2", "%%a1 = @descriptors"},
    {"writev pwritev pwritev64 pwritev2 pwritev64v2 vmsplice", "@descriptors = %%a1"},
    {"recvmsg recvmmsg", "%%a1 = @descriptors; %%%a1 = @descriptors"},
    {"sendmsg sendmmsg", "@descriptors = %%a1; @descriptors = %%%a1"},
    {"eventfd_write", "@descriptors = a1"},
    {"eventfd_read", "%a1 = @descriptors"},
    {"fcntl fcntl64", "@descriptors = %a2; %a2 = @descriptors"},
    {"ioctl", "@descriptors = %a2; %a2 = @descriptors; %%a2 = @descriptors"},
    {"open open64 openat openat64 creat creat64 __open_2 __open64_2 __openat_2 __openat64_2 close close_range dup dup2 dup3 "
     "pipe pipe2 lseek lseek64 fsync fdatasync sync syncfs ftruncate ftruncate64 truncate truncate64 "
     "fallocate fallocate64 posix_fallocate posix_fallocate64 posix_fadvise posix_fadvise64 sync_file_range flock lockf "
     "lockf64 isatty sendfile sendfile64 splice tee copy_file_range eventfd timerfd_create "
     "timerfd_settime timerfd_gettime signalfd inotify_init inotify_init1 inotify_add_watch inotify_rm_watch memfd_create "
     "poll ppoll __poll_chk __ppoll_chk select pselect __fdelt_chk __fdelt_warn readahead getdtablesize", ""},
    {"epoll_create epoll_create1", ""},
    {"epoll_ctl", "@epoll = %a3"},
    {"epoll_wait epoll_pwait epoll_pwait2", "%a1 = @epoll"},
    {"socket socketpair listen shutdown sockatmark htons htonl ntohs ntohl", ""},
    {"bind connect", "@descriptors = %a1"},
    {"accept accept4 getsockname getpeername", "%a1 = @descriptors"},
    {"setsockopt", "@descriptors = %a3"},
    {"getsockopt", "%a3 = @descriptors"},

    // Files.
    {"stat stat64 fstat fstat64 lstat lstat64 fstatat fstatat64 __xstat __xstat64 __fxstat __fxstat64 __lxstat __lxstat64 "
     "__fxstatat __fxstatat64 statx statfs statfs64 fstatfs fstatfs64 statvfs statvfs64 fstatvfs fstatvfs64 access faccessat "
     "eaccess euidaccess chmod fchmod fchmodat chown fchown lchown fchownat unlink unlinkat rename renameat renameat2 link "
     "linkat symlink symlinkat readlink readlinkat __readlink_chk __readlinkat_chk mkdir mkdirat rmdir chdir fchdir chroot "
     "umask utime utimes utimensat futimens futimes lutimes mknod mknodat __xmknod mkfifo mkfifoat mount umount umount2 "
     "remove pathconf fpathconf sysconf confstr", ""},
    {"setxattr lsetxattr fsetxattr", "@descriptors = %a2"},
    {"getxattr lgetxattr fgetxattr", "%a2 = @descriptors"},
    {"mkstemp mkstemp64 mkostemp mkstemps mkostemp64 mkostemps", ""},
    {"mktemp mkdtemp", "r = a0"},
    {"tmpnam", "r = a0; r = lib"},
    {"tempnam", "r = new"},
    {"getcwd realpath __realpath_chk __getcwd_chk", "r = ~a0; r = ~a1; r = new"},
    {"canonicalize_file_name get_current_dir_name", "r = new"},
    {"opendir fdopendir readdir readdir64", "r = lib"},
    {"readdir_r readdir64_r", "*a2 = a1"},
    {"closedir rewinddir seekdir telldir dirfd alphasort versionsort alphasort64", ""},
    {"scandir scandir64", "*a1 = lib; call a2(lib); call a3(lib, lib)"},
    {"ftw ftw64 nftw nftw64", "call a1(lib, lib, ext, lib)"},
    {"glob glob64", "*a3 = lib; %a3 = lib; call a2(lib, ext); n = lib; call %a3(n, ext) -> n"}, // GLOB_ALTDIRFUNC
    {"globfree globfree64 fnmatch wordfree", ""},
    {"getmntent setmntent", "r = lib"},
    {"endmntent", ""},

    // Standard I/O.
    {"fopen fopen64 fdopen popen tmpfile tmpfile64", "r = lib"},
    {"freopen freopen64", "r = a2"},
    // What is written to one FILE may be read from each.
    {"fmemopen", "%a0 = @descriptors; @descriptors = %a0; r = lib"},
    {"open_memstream open_wmemstream", "n = new; %n = @descriptors; *a0 = n; r = lib"},
    {"setvbuf setbuf setbuffer", "%a1 = @descriptors"},
    {"fclose pclose fflush fflush_unlocked fseek fseeko fseeko64 ftell ftello ftello64 rewind fgetpos fsetpos feof ferror "
     "clearerr feof_unlocked ferror_unlocked fileno fileno_unlocked setlinebuf fgetc getc getchar "
     "ungetc fputc putc putchar fgetc_unlocked getc_unlocked getchar_unlocked fputc_unlocked putc_unlocked putchar_unlocked "
     "perror flockfile funlockfile ftrylockfile __uflow __overflow _IO_getc _IO_putc __fpending "
     "__fsetlocking getw putw", ""},
    {"fputs puts fputs_unlocked", "@descriptors = *a0"},
    {"fgets gets fgets_unlocked __fgets_chk __fgets_unlocked_chk", "%a0 = @descriptors; r = a0"},
    {"ctermid cuserid", "r = a0; r = lib"},
    {"fread fread_unlocked __fread_chk __fread_unlocked_chk", "%a0 = @descriptors"},
    {"fwrite fwrite_unlocked", "@descriptors = %a0"},
    {"getline getdelim __getdelim", "n = new; *a0 = n; %*a0 = @descriptors"},
    {"printf fprintf sprintf snprintf vprintf vfprintf vsprintf vsnprintf dprintf vdprintf __printf_chk __fprintf_chk "
     "__sprintf_chk __snprintf_chk __vprintf_chk __vfprintf_chk __vsprintf_chk __vsnprintf_chk __dprintf_chk __vdprintf_chk "
     "wprintf fwprintf swprintf vswprintf", ""},
    {"asprintf vasprintf __asprintf_chk __vasprintf_chk", "*a0 = new"},
    {"fscanf scanf sscanf __isoc99_sscanf __isoc99_fscanf __isoc99_scanf __isoc23_sscanf __isoc23_fscanf "
     "__isoc23_scanf vsscanf __isoc99_vsscanf __isoc23_vsscanf", ""},
    {"syslog vsyslog __syslog_chk __vsyslog_chk openlog closelog setlogmask err errx warn warnx verr verrx vwarn vwarnx error", ""},

    // Time.
    {"time gettimeofday settimeofday clock clock_gettime clock_getres clock_settime clock_nanosleep nanosleep sleep usleep "
     "difftime strftime strftime_l tzset times getrusage adjtime timer_settime timer_gettime "
     "timer_delete timespec_get", ""},
    {"mktime timegm timelocal", "%a0 = lib"}, // the name of the time zone
    {"localtime gmtime asctime ctime", "r = lib"},
    {"localtime_r gmtime_r", "r = a1; %a1 = lib"},
    {"asctime_r ctime_r", "r = a1"},
    {"strptime", "r = ~a0"},

    // Processes and users.
    {"fork vfork _Fork wait waitpid wait3 wait4 waitid system execv execve execvp execl execlp execle execvpe fexecve getpid "
     "getppid gettid getuid geteuid getgid getegid setuid seteuid setgid setegid setreuid setregid setresuid setresgid "
     "getresuid getresgid getgroups setgroups initgroups setsid getsid setpgid getpgid getpgrp setpgrp tcgetpgrp tcsetpgrp "
     "nice getpriority setpriority getrlimit getrlimit64 setrlimit setrlimit64 prlimit prlimit64 daemon prctl personality "
     "sched_yield sched_getaffinity sched_setaffinity sched_getcpu __sched_cpucount sched_setscheduler sched_getparam "
     "sched_get_priority_max sched_get_priority_min ptrace acct getloadavg get_nprocs get_nprocs_conf uname gethostname "
     "sethostname getdomainname getlogin_r getentropy getrandom arc4random sysinfo reboot", ""},
    {"posix_spawn posix_spawnp posix_spawnattr_init posix_spawnattr_setflags posix_spawn_file_actions_init "
     "posix_spawn_file_actions_adddup2 posix_spawn_file_actions_addclose posix_spawn_file_actions_destroy "
     "posix_spawnattr_destroy posix_spawnattr_setsigmask posix_spawnattr_setsigdefault", ""},
    {"getpwnam getpwuid getpwent getgrnam getgrgid getgrent getspnam getlogin", "r = lib"},
    {"getpwnam_r getpwuid_r getgrnam_r getgrgid_r", "%a1 = ~a2; %a2 = ~a2; %a1 = lib; *a4 = a1"},
    {"setpwent endpwent setgrent endgrent", ""},
    {"crypt", "r = lib"},
    {"crypt_r", "r = ~a2"},
    {"tcsetattr", "@descriptors = %a2"},
    {"tcgetattr", "%a1 = @descriptors"},
    {"tcflush tcdrain cfmakeraw cfsetispeed cfsetospeed cfgetospeed", ""},
    {"ttyname getpass", "r = lib"},

    // Environment, locale, options.
    {"getenv secure_getenv __secure_getenv", "r = lib; r = ~%lib"}, // putenv does not copy
    {"putenv", "%lib = a0"},
    {"setenv unsetenv clearenv", ""},
    {"setlocale localeconv nl_langinfo nl_langinfo_l newlocale uselocale duplocale gettext dgettext dcgettext ngettext "
     "textdomain bindtextdomain bind_textdomain_codeset catopen catgets", "r = lib; r = ~a0; r = ~a1; r = ~a2"},
    {"freelocale catclose", ""},
    {"getopt getopt_long getopt_long_only", "%lib = %a1"},
    {"getsubopt", "*a0 = ~*a0; *a2 = ~*a0"},
    {"__ctype_b_loc __ctype_tolower_loc __ctype_toupper_loc __errno_location __h_errno_location __libc_current_sigrtmin "
     "__libc_current_sigrtmax", "r = lib"},
    {"isalpha isdigit isalnum isspace isupper islower isprint ispunct iscntrl isxdigit isgraph isblank isascii toascii tolower "
     "toupper", ""},
    {"strerror strerror_l __xpg_strerror_r sys_siglist", "r = lib"},
    {"strerror_r", "r = ~a1; r = lib"},
    {"gai_strerror hstrerror", "r = lib"},
    {"iconv_open", "r = lib"},
    {"iconv", "%*a3 = %*a1; *a1 = ~*a1; *a3 = ~*a3"},
    {"iconv_close regcomp regexec regerror regfree", ""},

    // Names and addresses.
    {"getaddrinfo", "*a3 = lib"},
    {"freeaddrinfo getnameinfo", ""},
    {"gethostbyname gethostbyname2 gethostbyaddr gethostent getservbyname getservbyport getprotobyname getprotobynumber "
     "getnetbyname getservent", "r = lib"},
    {"gethostbyname_r", "%a1 = ~a2; %a2 = ~a2; %a1 = lib; *a4 = a1"},
    {"gethostbyname2_r", "%a2 = ~a3; %a3 = ~a3; %a2 = lib; *a5 = a2"},
    {"gethostbyaddr_r", "%a3 = ~a4; %a4 = ~a4; %a3 = lib; *a6 = a3"},
    {"getservbyname_r getservbyport_r", "%a2 = ~a3; %a3 = ~a3; %a2 = lib; *a5 = a2"},
    {"inet_addr inet_aton inet_pton inet_network if_nametoindex res_init __res_init", ""},
    {"inet_ntoa", "r = lib"},
    {"inet_ntop if_indextoname", "r = ~a1; r = a2"},
    {"getifaddrs", "*a0 = lib"},
    {"freeifaddrs", ""},

    // Random numbers and mathematics.
    {"rand srand random srandom rand_r drand48 erand48 lrand48 nrand48 mrand48 jrand48 srand48 random_r srandom_r", ""},
    {"initstate setstate", "%lib = ~a1; %lib = ~a0; r = lib; r = %lib"}, // the state before
    {"labs llabs imaxabs fabs", "r = a0"},
    {"fmin fmax copysign", "r = a0; r = a1"},
    {"abs div ldiv lldiv sin cos tan asin acos atan atan2 sinh cosh tanh asinh acosh atanh exp exp2 exp10 expm1 log "
     "log2 log10 log1p pow sqrt cbrt hypot floor ceil trunc round rint nearbyint lround llround lrint llrint fmod remainder "
     "fdim fma nan ldexp frexp modf scalbn scalbln ilogb logb nextafter nexttoward erf erfc tgamma "
     "lgamma lgamma_r sincos sinf cosf tanf asinf acosf atanf atan2f expf exp2f logf log2f log10f powf sqrtf floorf ceilf "
     "truncf roundf rintf fmodf fabsf ldexpf frexpf modff sinl cosl tanl expl logl powl sqrtl floorl ceill truncl roundl "
     "fmodl fabsl ldexpl frexpl modfl __isnan __isinf __finite __fpclassify __signbit isnan isinf finite feclearexcept "
     "feraiseexcept fetestexcept fegetround fesetround fegetenv fesetenv feholdexcept feupdateenv", ""},

    // Dynamic linking: what is looked up may be anything that External or the program exports.
    {"dlopen dlmopen", "r = lib"},
    {"dlclose", ""},
    {"dlerror", "r = lib"},
    {"dlsym dlvsym", "r = ext; r = @exported"},
    {"dladdr", "%a1 = ext; %a1 = a0"},
    {"dl_iterate_phdr", "n = new; %n = ext; %n = lib; call a0(n, ext, a1)"},
    {"backtrace", "%a0 = ext"},
    {"backtrace_symbols", "r = lib"},
    {"backtrace_symbols_fd", ""},
};

StringMap<std::unique_ptr<Model>> buildTable() {
  StringMap<std::unique_ptr<Model>> Map;
  for (const Row &R : Table) {
    SmallVector<StringRef, 16> Names;
    StringRef(R.Names).split(Names, ' ', -1, /*KeepEmpty=*/false);
    for (StringRef Name : Names) {
      std::string Error;
      std::unique_ptr<Model> M = parseModel(R.Effects, Error);
      if (!M)
        report_fatal_error(Twine("points-to model of ") + Name + ": " + Error);
      if (!Map.try_emplace(Name, std::move(M)).second)
        report_fatal_error(Twine("points-to model of ") + Name + ": listed twice");
    }
  }
  return Map;
}

} // namespace

const Model *modelOf(StringRef Name) {
  static const StringMap<std::unique_ptr<Model>> Map = buildTable();
  auto It = Map.find(Name);
  return It == Map.end() ? nullptr : It->second.get();
}

bool isLibraryVariable(StringRef Name) {
  static const StringSet<> Names = {"stdin",  "stdout", "stderr", "environ",  "__environ", "_environ", "optarg",
                                    "optind", "opterr", "optopt", "timezone", "daylight",  "tzname",   "__timezone",
                                    "__tzname", "__daylight", "program_invocation_name",
                                    "program_invocation_short_name", "__progname", "signgam", "in6addr_any",
                                    "in6addr_loopback", "h_errno", "__stack_chk_guard"};
  return Names.contains(Name);
}

} // namespace capriccio::pointsto
