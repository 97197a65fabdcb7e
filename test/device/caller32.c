// A 32-bit client of the node, without a C library so that it is built wherever gcc is: open, take, write,
// wait, read, give back. Its exit status is 0, or the number of the step that failed.

static int call(int number, int a, int b, int c) {
    int result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a), "c"(b), "d"(c) : "memory");
    return result;
}

enum { k_exit = 1, k_read = 3, k_write = 4, k_open = 5, k_ioctl = 54 };
enum { k_read_write = 2, k_await = 0x6b02, k_take = 0x6b08, k_give = 0x6b09, k_exchange = 0x40206b0c };

static int converse(const char* path) {
    static const unsigned char frame[] = {0x9c, 0, 0, 9, 1, 0x23, 0, 5, 6};  // echo of 05 06
    struct {
        int timeout_ms;
        unsigned length;
        int reserved;
    } await = {5000, 0, 99};
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
    struct {
        unsigned long long request, answer;
        unsigned request_size, answer_size;
        int timeout_ms;
        unsigned reserved;
    } exchange = {(unsigned)frame, (unsigned)answer, sizeof frame, sizeof answer, 5000, 0};
    answer[4] = answer[5] = 0;
    if (call(k_ioctl, fd, k_exchange, (int)&exchange) != 6) return 10;
    if (answer[0] != 0x9a || answer[4] != 5 || answer[5] != 6) return 11;
    return 0;
}

__attribute__((used, noreturn)) void begin(const char** stack) {
    call(k_exit, converse(stack[2]), 0, 0);  // argc, argv[0], argv[1]
    for (;;) {
    }
}

__asm__(
    ".globl _start\n_start:\n  mov %esp, %eax\n  and $-16, %esp\n  sub $12, %esp\n  push %eax\n  call "
    "begin\n");
