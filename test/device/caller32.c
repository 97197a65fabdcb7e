// A 32-bit client of the node, without a C library so that it is built wherever gcc is: open, take, write,
// wait, read, give back. Its exit status is 0, or the number of the step that failed.

static int call(int number, int a, int b, int c) {
    int result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a), "c"(b), "d"(c) : "memory");
    return result;
}

enum {
    k_exit = 1,
    k_read = 3,
    k_write = 4,
    k_open = 5,
    k_lseek = 19,
    k_ioctl = 54,
    k_fcntl = 55,
    k_memfd_create = 356
};
enum { k_read_write = 2, k_await = 0x6b02, k_take = 0x6b08, k_give = 0x6b09 };
enum { k_share_window = 0x6b0c, k_exchange_in_window = 0x6b0d };
static const unsigned k_exchange_small = 0xd0006b0e;

struct await {
    int timeout_ms;
    unsigned length;
    int reserved;
};

static int converse(const char* path) {
    static const unsigned char frame[] = {0x9c, 0, 0, 9, 1, 0x23, 0, 5, 6};  // echo of 05 06
    struct await await = {5000, 0, 99};
    unsigned char answer[16];
    const int fd = call(k_open, (int)path, k_read_write, 0);
    if (fd < 0) return 1;
    if (call(k_ioctl, fd, k_take, 0) != 0) return 2;
    if (call(k_write, fd, (int)frame, sizeof frame) != sizeof frame) return 3;
    if (call(k_ioctl, fd, k_await, (int)&await) != 0) return 4;
    if (await.length != 6 || await.timeout_ms != 5000 || await.reserved != 99) return 5;
    if (call(k_read, fd, (int)answer, (int)await.length) != 6) return 6;
    if (answer[0] != 0x9a || answer[4] != 5 || answer[5] != 6) return 7;
    if (call(k_ioctl, fd, k_await, (int)0xfffffff0) != -14 && call(k_ioctl, fd, k_await, 16) != -14) return 8;
    if (call(k_ioctl, fd, k_give, 0) != 0) return 9;
    static struct {
        unsigned size;
        int timeout_ms;
        unsigned char frame[4088];
    } small = {sizeof frame, 5000, {0x9c, 0, 0, 9, 1, 0x23, 0, 5, 6}};
    if (call(k_ioctl, fd, (int)k_exchange_small, (int)&small) != 6) return 10;
    const unsigned char* over = (const unsigned char*)&small;
    if (over[0] != 0x9a || over[4] != 5 || over[5] != 6) return 11;
    const int window = call(k_memfd_create, (int)"window", 2 /* MFD_ALLOW_SEALING */, 0);
    if (window < 0 || call(k_fcntl, window, 1033 /* F_ADD_SEALS */, 2 /* F_SEAL_SHRINK */) != 0 ||
        call(k_write, window, (int)frame, sizeof frame) != sizeof frame)
        return 12;
    if (call(k_ioctl, fd, k_share_window, window) != 0) return 13;
    if (call(k_ioctl, fd, k_exchange_in_window, 5000) != 6) return 14;
    if (call(k_lseek, window, 0, 0) != 0 || call(k_read, window, (int)answer, 6) != 6) return 15;
    if (answer[0] != 0x9a || answer[4] != 5 || answer[5] != 6) return 16;
    return 0;
}

// A command that every simulator refuses with the same bytes, without what a socket in the node's place
// lacks.
static int be_refused(const char* path) {
    static const unsigned char frame[] = {0x9c, 0, 0, 9, 0, 0x83, 1, 0, 10};  // a challenge of 10 bytes
    struct await await = {5000, 0, 99};
    unsigned char answer[16];
    const int fd = call(k_open, (int)path, k_read_write, 0);
    if (fd < 0) return 1;
    if (call(k_write, fd, (int)frame, sizeof frame) != sizeof frame) return 2;
    if (call(k_ioctl, fd, k_await, (int)&await) != 0) return 3;
    if (await.length != 8 || await.timeout_ms != 5000 || await.reserved != 99) return 4;
    if (call(k_read, fd, (int)answer, sizeof answer) != 8) return 5;
    return answer[0] == 0x9e && answer[4] == 0xb0 && answer[5] == 0x83 && answer[7] == 0x63 ? 0 : 6;
}

// argc, argv[0], argv[1]: the path; argv[2], if there is one: be_refused()
__attribute__((used, noreturn)) void begin(const char** stack) {
    call(k_exit, stack[3] ? be_refused(stack[2]) : converse(stack[2]), 0, 0);
    for (;;) {
    }
}

__asm__(
    ".globl _start\n_start:\n  mov %esp, %eax\n  and $-16, %esp\n  sub $12, %esp\n  push %eax\n  call "
    "begin\n");
