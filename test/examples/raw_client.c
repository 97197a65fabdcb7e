/* Talks to the device node that CRYPTOSERVER names (default /dev/cs2a) as programs of the real driver do:
 * open, write a frame, wait by the driver's ioctl, read the answer.
 *
 *   raw_client [FRAME-IN-HEXADECIMAL]     without: ADM.GET_STATE
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { LONGEST_FRAME = 512 * 1024, AWAIT_ANSWER = 0x6b02 };

struct await_answer {
    int32_t timeout_ms;
    uint32_t length; /* out: of the whole answer */
    int32_t reserved;
};

static int complain(const char* what) {
    perror(what);
    return 1;
}

/* The number of bytes, or 0 when the text is no hexadecimal. */
static size_t from_hex(const char* text, uint8_t* bytes, size_t space) {
    size_t count = 0;
    for (; text[0] != '\0'; text += 2) {
        char digits[3] = {text[0], text[1], '\0'};
        char* end = NULL;
        if (count == space) return 0;
        bytes[count++] = (uint8_t)strtoul(digits, &end, 16);
        if (end != digits + 2) return 0;
    }
    return count;
}

static void show(const uint8_t* answer, size_t length) {
    if (length > 4 && answer[0] == 0x9A && ((answer[4] >= ' ' && answer[4] < 0x7F) || answer[4] == '\n')) {
        fwrite(answer + 4, 1, length - 4, stdout);
        return;
    }
    for (size_t i = 0; i < length; ++i) printf("%02x", answer[i]);
    printf("\n");
}

int main(int argc, char** argv) {
    static uint8_t frame[LONGEST_FRAME] = {0x9C, 0, 0, 7, 0x00, 0x87, 0x01};
    size_t length = 7;
    if (argc > 1 && (length = from_hex(argv[1], frame, sizeof frame)) == 0) {
        fprintf(stderr, "no hexadecimal: %s\n", argv[1]);
        return 2;
    }
    const char* path = getenv("CRYPTOSERVER");
    const int device = open(path ? path : "/dev/cs2a", O_RDWR);
    if (device < 0) return complain("open");
    if (write(device, frame, length) != (ssize_t)length) return complain("write");
    struct await_answer await = {5000, 0, 0};
    if (ioctl(device, AWAIT_ANSWER, &await) < 0) return complain("ioctl");
    const ssize_t got = read(device, frame, await.length < sizeof frame ? await.length : sizeof frame);
    if (got != (ssize_t)await.length) return complain("read");
    show(frame, (size_t)got);
    close(device);
    return 0;
}
