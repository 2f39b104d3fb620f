// What a worker that is taken over would try: the list that `daylight audit
// sandbox` asks for, attempt by attempt, and that the worker carries out.
//
//   for (const AttemptInfo& attempt : report::kAttempts) Try(attempt.name);
//
// The worker's side is apps/worker/attempts.h; a test holds it against this list.
#pragma once

#include <cstdint>
#include <string_view>

namespace dl::report {

enum class AttemptTheme : std::uint8_t { kNetwork, kFiles, kObject, kProcesses, kPrograms, kMemory, kKernel, kSelf };

// How an attempt's success shows.
enum class AttemptProof : std::uint8_t {
  kAnswer,      // The worker says so.
  kProgram,     // Another program runs in the worker's place and ends with kExitProgramRan.
  kDescriptor,  // A descriptor arrives at the trusted side.
};
inline constexpr int kExitProgramRan = 42;

struct AttemptInfo {
  std::string_view name;
  AttemptTheme theme;
  std::string_view description;
  AttemptProof proof = AttemptProof::kAnswer;
};

constexpr std::string_view AttemptThemeName(AttemptTheme theme) {
  switch (theme) {
    case AttemptTheme::kNetwork: return "network";
    case AttemptTheme::kFiles: return "files";
    case AttemptTheme::kObject: return "object";
    case AttemptTheme::kProcesses: return "processes";
    case AttemptTheme::kPrograms: return "programs";
    case AttemptTheme::kMemory: return "memory";
    case AttemptTheme::kKernel: return "kernel";
    case AttemptTheme::kSelf: return "self";
  }
  return "?";
}

// In the order in which they are told.
inline constexpr AttemptInfo kAttempts[] = {
    // The network, and sockets of any kind.
    {"socket_tcp", AttemptTheme::kNetwork, "make a TCP socket over IPv4"},
    {"socket_tcp6", AttemptTheme::kNetwork, "make a TCP socket over IPv6"},
    {"socket_udp", AttemptTheme::kNetwork, "make a UDP socket over IPv4"},
    {"socket_udp6", AttemptTheme::kNetwork, "make a UDP socket over IPv6"},
    {"socket_mptcp", AttemptTheme::kNetwork, "make a multipath TCP socket"},
    {"socket_sctp", AttemptTheme::kNetwork, "make an SCTP socket"},
    {"socket_raw", AttemptTheme::kNetwork, "make a raw socket over IPv4"},
    {"socket_raw6", AttemptTheme::kNetwork, "make a raw socket over IPv6"},
    {"socket_ping", AttemptTheme::kNetwork, "make an ICMP echo socket"},
    {"socket_packet", AttemptTheme::kNetwork, "make a socket for raw frames"},
    {"socket_unix", AttemptTheme::kNetwork, "make a stream socket to local services"},
    {"socket_unix_datagram", AttemptTheme::kNetwork, "make a datagram socket to local services"},
    {"socketpair", AttemptTheme::kNetwork, "make a pair of connected sockets"},
    {"socket_netlink", AttemptTheme::kNetwork, "make a socket to the kernel's routing tables"},
    {"socket_audit", AttemptTheme::kNetwork, "make a socket to the kernel's audit log"},
    {"socket_vsock", AttemptTheme::kNetwork, "make a socket to the virtual machine's host"},
    {"socket_alg", AttemptTheme::kNetwork, "make a socket to the kernel's ciphers"},
    {"socket_xdp", AttemptTheme::kNetwork, "make a socket to a network card's queues"},
    {"socket_bluetooth", AttemptTheme::kNetwork, "make a Bluetooth socket"},
    {"socket_can", AttemptTheme::kNetwork, "make a socket to a vehicle's bus"},
    {"socket_tipc", AttemptTheme::kNetwork, "make a cluster (TIPC) socket"},
    {"connect_tcp", AttemptTheme::kNetwork, "connect to a listener on 127.0.0.1"},
    {"send_udp", AttemptTheme::kNetwork, "send a datagram to 127.0.0.1"},
    {"listen_tcp", AttemptTheme::kNetwork, "bind to a port and listen"},
    {"connect_abstract", AttemptTheme::kNetwork, "connect to a listener in the abstract namespace"},
    {"connect_path", AttemptTheme::kNetwork, "connect to a listener in the file system"},
    {"listen_abstract", AttemptTheme::kNetwork, "listen in the abstract namespace"},
    {"list_interfaces", AttemptTheme::kNetwork, "ask for the network interfaces through the worker's own socket"},
    {"network_of_socket", AttemptTheme::kNetwork, "get at the network in which the worker's own socket was made"},
    {"send_descriptor", AttemptTheme::kNetwork, "pass a descriptor up to the trusted side", AttemptProof::kDescriptor},
    // Files by name.
    {"open", AttemptTheme::kFiles, "open a file with open"},
    {"openat", AttemptTheme::kFiles, "open a file with openat"},
    {"openat2", AttemptTheme::kFiles, "open a file with openat2"},
    {"open_path_only", AttemptTheme::kFiles, "open a file without reading it (O_PATH)"},
    {"open_write", AttemptTheme::kFiles, "open a file for writing"},
    {"creat", AttemptTheme::kFiles, "make a file with creat"},
    {"create", AttemptTheme::kFiles, "make a file with openat"},
    {"create_unnamed", AttemptTheme::kFiles, "make a file without a name (O_TMPFILE)"},
    {"name_to_handle", AttemptTheme::kFiles, "get a file's handle"},
    {"open_by_handle", AttemptTheme::kFiles, "open a file by a forged handle"},
    {"open_proc_self_root", AttemptTheme::kFiles, "open a file through /proc/self/root"},
    {"open_proc_parent_root", AttemptTheme::kFiles, "open a file through the parent's /proc entry"},
    {"open_tree", AttemptTheme::kFiles, "open a folder with open_tree"},
    {"list_root", AttemptTheme::kFiles, "list the root folder"},
    {"list_proc", AttemptTheme::kFiles, "list /proc"},
    {"read_passwd", AttemptTheme::kFiles, "read /etc/passwd"},
    {"stat", AttemptTheme::kFiles, "look at a file with stat"},
    {"fstatat", AttemptTheme::kFiles, "look at a file with newfstatat"},
    {"statx", AttemptTheme::kFiles, "look at a file with statx"},
    {"statfs", AttemptTheme::kFiles, "look at a file system"},
    {"access", AttemptTheme::kFiles, "ask whether a file may be read (access)"},
    {"faccessat2", AttemptTheme::kFiles, "ask whether a file may be read (faccessat2)"},
    {"readlink", AttemptTheme::kFiles, "read where a symbolic link leads"},
    {"getxattr", AttemptTheme::kFiles, "list a file's extended attributes"},
    {"write_existing", AttemptTheme::kFiles, "cut a file to nothing (truncate)"},
    {"unlink", AttemptTheme::kFiles, "remove a file"},
    {"rename", AttemptTheme::kFiles, "rename a file"},
    {"mkdir", AttemptTheme::kFiles, "make a folder"},
    {"rmdir", AttemptTheme::kFiles, "remove a folder"},
    {"symlink", AttemptTheme::kFiles, "make a symbolic link"},
    {"link", AttemptTheme::kFiles, "make a hard link"},
    {"mkfifo", AttemptTheme::kFiles, "make a FIFO"},
    {"mkdevice", AttemptTheme::kFiles, "make a device file"},
    {"chmod", AttemptTheme::kFiles, "change a file's mode"},
    {"chown", AttemptTheme::kFiles, "change a file's owner"},
    {"utimens", AttemptTheme::kFiles, "change a file's times"},
    {"setxattr", AttemptTheme::kFiles, "set an extended attribute"},
    {"inotify_watch", AttemptTheme::kFiles, "be told of what happens in a folder"},
    {"chdir", AttemptTheme::kFiles, "enter another folder"},
    {"chroot", AttemptTheme::kFiles, "take another folder as the root"},
    // The object under scan, of which the worker has a descriptor for reading.
    {"object_reopen", AttemptTheme::kObject, "open the object again for writing, through /proc/self/fd"},
    {"object_chmod", AttemptTheme::kObject, "change the object's mode through its descriptor"},
    {"object_chown", AttemptTheme::kObject, "change the object's owner through its descriptor"},
    {"object_utimens", AttemptTheme::kObject, "change the object's times through its descriptor"},
    {"object_setxattr", AttemptTheme::kObject, "mark the object through its descriptor"},
    {"object_lock", AttemptTheme::kObject, "lock the object against other programs"},
    {"object_lease", AttemptTheme::kObject, "take a lease on the object, so that writers wait"},
    {"object_path", AttemptTheme::kObject, "read the object's full path through /proc/self/fd"},
    {"object_to_pipe", AttemptTheme::kObject, "hand the object's bytes on without reading them (sendfile)"},
    // Other processes.
    {"ptrace_parent", AttemptTheme::kProcesses, "trace the trusted side"},
    {"ptrace_sibling", AttemptTheme::kProcesses, "trace another worker"},
    {"read_memory_parent", AttemptTheme::kProcesses, "read the trusted side's memory (process_vm_readv)"},
    {"read_memory_sibling", AttemptTheme::kProcesses, "read another worker's memory (process_vm_readv)"},
    {"write_memory_sibling", AttemptTheme::kProcesses, "write another worker's memory (process_vm_writev)"},
    {"proc_mem_parent", AttemptTheme::kProcesses, "open the trusted side's memory through /proc"},
    {"proc_mem_sibling", AttemptTheme::kProcesses, "open another worker's memory through /proc"},
    {"proc_environ_parent", AttemptTheme::kProcesses, "open the trusted side's environment through /proc"},
    {"kill_parent", AttemptTheme::kProcesses, "signal the trusted side (kill)"},
    {"kill_sibling", AttemptTheme::kProcesses, "signal another worker (kill)"},
    {"kill_all", AttemptTheme::kProcesses, "signal every process there is (kill -1)"},
    {"tkill_sibling", AttemptTheme::kProcesses, "signal another worker's thread (tkill)"},
    {"tgkill_parent", AttemptTheme::kProcesses, "signal the trusted side's thread (tgkill)"},
    {"tgkill_first", AttemptTheme::kProcesses, "signal process 1: the template, for a worker that was forked"},
    {"sigqueue_parent", AttemptTheme::kProcesses, "queue a signal to the trusted side (rt_sigqueueinfo)"},
    {"pidfd_parent", AttemptTheme::kProcesses, "open a descriptor of the trusted side's process"},
    {"pidfd_signal_sibling", AttemptTheme::kProcesses, "signal another worker (pidfd_send_signal)"},
    {"pidfd_getfd_parent", AttemptTheme::kProcesses, "take a descriptor from the trusted side"},
    {"pidfd_getfd_sibling", AttemptTheme::kProcesses, "take another worker's socket"},
    {"affinity_parent", AttemptTheme::kProcesses, "choose the trusted side's processors"},
    {"priority_parent", AttemptTheme::kProcesses, "set the trusted side's priority"},
    {"ioprio_parent", AttemptTheme::kProcesses, "set the trusted side's disk priority"},
    {"limits_parent", AttemptTheme::kProcesses, "look at the trusted side's limits (prlimit)"},
    {"kcmp_parent", AttemptTheme::kProcesses, "compare kernel objects of the trusted side (kcmp)"},
    {"robust_list_parent", AttemptTheme::kProcesses, "find the trusted side's lock list"},
    {"move_pages_parent", AttemptTheme::kProcesses, "ask where the trusted side's pages are"},
    {"sched_parent", AttemptTheme::kProcesses, "ask for the trusted side's scheduling"},
    {"fork", AttemptTheme::kProcesses, "make a process with fork"},
    {"vfork", AttemptTheme::kProcesses, "make a process with vfork"},
    {"clone", AttemptTheme::kProcesses, "make a process with clone"},
    {"clone3", AttemptTheme::kProcesses, "make a process with clone3"},
    {"fork_as_libc", AttemptTheme::kProcesses, "make a process with the C library's own flags"},
    {"thread", AttemptTheme::kProcesses, "make a thread"},
    {"clone_user", AttemptTheme::kProcesses, "make a process in a user namespace of its own"},
    {"clone_network", AttemptTheme::kProcesses, "make a process in a network namespace of its own"},
    {"clone_mount", AttemptTheme::kProcesses, "make a process in a mount namespace of its own"},
    {"clone_pid", AttemptTheme::kProcesses, "make a process in a process namespace of its own"},
    {"clone_ipc", AttemptTheme::kProcesses, "make a process in an IPC namespace of its own"},
    {"clone_uts", AttemptTheme::kProcesses, "make a process with a host name of its own"},
    {"clone_cgroup", AttemptTheme::kProcesses, "make a process in a control group namespace of its own"},
    {"unshare_user", AttemptTheme::kProcesses, "enter a new user namespace"},
    {"unshare_network", AttemptTheme::kProcesses, "enter a new network namespace"},
    {"unshare_mount", AttemptTheme::kProcesses, "enter a new mount namespace"},
    {"unshare_pid", AttemptTheme::kProcesses, "enter a new process namespace"},
    {"unshare_time", AttemptTheme::kProcesses, "enter a new time namespace"},
    {"unshare_files", AttemptTheme::kProcesses, "unshare the descriptor table"},
    {"setns_proc", AttemptTheme::kProcesses, "enter a network namespace through /proc"},
    {"setns_parent", AttemptTheme::kProcesses, "enter the trusted side's namespaces"},
    // Other programs.
    {"execve", AttemptTheme::kPrograms, "run /bin/sh", AttemptProof::kProgram},
    {"execveat", AttemptTheme::kPrograms, "run /bin/sh with execveat", AttemptProof::kProgram},
    {"exec_memory_file", AttemptTheme::kPrograms, "run a program made in memory (memfd)", AttemptProof::kProgram},
    {"exec_written_file", AttemptTheme::kPrograms, "run a program written to disk", AttemptProof::kProgram},
    // Memory.
    {"mmap_writable_executable", AttemptTheme::kMemory, "run code in memory that is writable and executable"},
    {"mprotect_executable", AttemptTheme::kMemory, "run code that was written first and made executable then"},
    {"pkey_mprotect_executable", AttemptTheme::kMemory, "the same with pkey_mprotect"},
    {"mmap_object_executable", AttemptTheme::kMemory, "map the object as code"},
    {"mprotect_text_writable", AttemptTheme::kMemory, "make the program's own code writable"},
    {"personality", AttemptTheme::kMemory, "have all readable memory made executable (personality)"},
    {"memfd_create", AttemptTheme::kMemory, "make a file in memory"},
    {"memfd_secret", AttemptTheme::kMemory, "make memory that the kernel itself does not see"},
    {"address_space", AttemptTheme::kMemory, "reserve 64 GiB of address space"},
    {"lock_memory", AttemptTheme::kMemory, "lock memory so that it is never swapped"},
    {"shared_memory", AttemptTheme::kMemory, "make System V shared memory"},
    {"modify_ldt", AttemptTheme::kMemory, "change the processor's segment table"},
    // The kernel's other doors.
    {"io_uring", AttemptTheme::kKernel, "set up io_uring"},
    {"bpf", AttemptTheme::kKernel, "make a BPF map"},
    {"perf_event", AttemptTheme::kKernel, "open a performance counter"},
    {"userfaultfd", AttemptTheme::kKernel, "handle its own page faults (userfaultfd)"},
    {"keyctl", AttemptTheme::kKernel, "look at the session's key ring"},
    {"add_key", AttemptTheme::kKernel, "keep a key in the kernel"},
    {"request_key", AttemptTheme::kKernel, "search the key rings"},
    {"msgget", AttemptTheme::kKernel, "make a System V message queue"},
    {"semget", AttemptTheme::kKernel, "make System V semaphores"},
    {"mq_open", AttemptTheme::kKernel, "make a POSIX message queue"},
    {"inotify", AttemptTheme::kKernel, "set up inotify"},
    {"fanotify", AttemptTheme::kKernel, "set up fanotify"},
    {"timerfd", AttemptTheme::kKernel, "make a timer descriptor"},
    {"epoll", AttemptTheme::kKernel, "make an epoll descriptor"},
    {"signalfd", AttemptTheme::kKernel, "make a signal descriptor"},
    {"mount", AttemptTheme::kKernel, "mount a file system"},
    {"umount", AttemptTheme::kKernel, "unmount a file system"},
    {"pivot_root", AttemptTheme::kKernel, "exchange the root file system"},
    {"fsopen", AttemptTheme::kKernel, "prepare a file system to be mounted"},
    {"init_module", AttemptTheme::kKernel, "load a kernel module (init_module)"},
    {"finit_module", AttemptTheme::kKernel, "load a kernel module (finit_module)"},
    {"delete_module", AttemptTheme::kKernel, "unload a kernel module"},
    {"kexec_load", AttemptTheme::kKernel, "load another kernel"},
    {"reboot", AttemptTheme::kKernel, "restart the machine"},
    {"swapon", AttemptTheme::kKernel, "switch on swap space"},
    {"acct", AttemptTheme::kKernel, "switch on process accounting"},
    {"sethostname", AttemptTheme::kKernel, "change the host's name"},
    {"syslog", AttemptTheme::kKernel, "read the kernel's log"},
    {"sysinfo", AttemptTheme::kKernel, "ask for the machine's memory and load"},
    {"uname", AttemptTheme::kKernel, "ask for the host's name and kernel"},
    {"iopl", AttemptTheme::kKernel, "get at the machine's ports (iopl)"},
    {"ioperm", AttemptTheme::kKernel, "get at the machine's ports (ioperm)"},
    {"int80", AttemptTheme::kKernel, "enter the kernel by the 32-bit gate"},
    {"int80_socket", AttemptTheme::kKernel, "make a socket by the 32-bit gate"},
    {"x32", AttemptTheme::kKernel, "enter the kernel with an x32 number"},
    // What the worker itself has and may become.
    {"setuid", AttemptTheme::kSelf, "become another user"},
    {"setgid", AttemptTheme::kSelf, "become another group"},
    {"setgroups", AttemptTheme::kSelf, "change the list of groups"},
    {"capset", AttemptTheme::kSelf, "take the capability to read every file"},
    {"seccomp_listener", AttemptTheme::kSelf, "put a filter with a listener over its own system calls"},
    {"dumpable", AttemptTheme::kSelf, "let other processes look inside"},
    {"outlive_parent", AttemptTheme::kSelf, "live on when the trusted side ends"},
    {"raise_memory_limit", AttemptTheme::kSelf, "raise its own memory limits"},
    {"raise_process_limit", AttemptTheme::kSelf, "raise its own limit of processes"},
    {"raise_file_limit", AttemptTheme::kSelf, "raise its own limit of file size"},
    {"core_dump", AttemptTheme::kSelf, "have its memory written to disk when it crashes"},
    {"inherited_descriptor", AttemptTheme::kSelf, "use a descriptor that it was not given"},
    {"standard_output", AttemptTheme::kSelf, "write to the terminal or to what stands there"},
    {"environment", AttemptTheme::kSelf, "read the environment"},
};

}  // namespace dl::report
