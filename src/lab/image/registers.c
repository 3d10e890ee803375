/* Loaded into a guest's kernel, User-mode Linux before 6.13, where the processor has more registers than that knows of.
 *
 * It gives each of a guest's processes its registers back by PTRACE_SETREGSET, with the 2,696 bytes that it has room for.
 * The host's kernel takes nothing but the whole set (xstateregs_set in arch/x86/kernel/fpu/regset.c), which is longer on
 * a processor with AMX, and refuses it with EFAULT. So it is made whole here. The rest is zero: no guest has ever used it,
 * as a process must ask the host's kernel for AMX first, which User-mode Linux does not.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

static long (*call)(int, ...);
static unsigned char set[65536];
static size_t length;

long ptrace(enum __ptrace_request request, ...)
{
    va_list words;
    va_start(words, request);
    pid_t pid = va_arg(words, pid_t);
    void *address = va_arg(words, void *);
    void *data = va_arg(words, void *);
    va_end(words);

    if (!call)
        call = dlsym(RTLD_NEXT, "ptrace");
    if ((int)request != PTRACE_SETREGSET || (long)address != NT_X86_XSTATE)
        return call(request, pid, address, data);

    struct iovec *part = data;
    if (!length) {
        struct iovec whole = {set, sizeof set};
        if (call(PTRACE_GETREGSET, pid, address, &whole))
            return -1;
        length = whole.iov_len;
    }
    if (part->iov_len >= length)
        return call(request, pid, address, data);
    memcpy(set, part->iov_base, part->iov_len);
    memset(set + part->iov_len, 0, length - part->iov_len);
    struct iovec whole = {set, length};
    return call(request, pid, address, &whole);
}
