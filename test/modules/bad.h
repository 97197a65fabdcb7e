/* What a bad module does; the first byte of the command says which. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/futex.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "../../firmware/modules/channel.h"
#include "early.h"

static int overrun_stack(int depth) {
    volatile char space[4096];
    space[0] = (char)depth;
    return overrun_stack(depth + 1) + space[0];
}

static __attribute__((noinline)) void write_through(unsigned char* pointer) {
    *(volatile unsigned char*)pointer = 1;
} /* the line that a backtrace must name */

/* Every pointer wrong, every handle wild: each must be survived with a code. */
static int wrong_arguments(T_CMDS_HANDLE* handle) {
    unsigned char key[8] = {0}, bytes[64] = {0};
    unsigned int length = 64;
    DB* wild = (DB*)bytes;
    ECDP* curve = (ECDP*)bytes;
    AES_KEY empty;
    T_CMDS_HANDLE other = {0, {0}};
    unsigned char* answer = NULL;
    memset(&empty, 0, sizeof empty);
    EXPECT(db_find(NULL, 0, key, NULL, NULL, NULL, NULL) == (int)E_DB_BAD_HANDLE);
    EXPECT(db_find(wild, 0, key, NULL, NULL, NULL, NULL) == (int)E_DB_BAD_HANDLE &&
           db_close(wild) == (int)E_DB_BAD_HANDLE);
    EXPECT(db_find(database, 7, key, NULL, NULL, NULL, NULL) == (int)E_DB_BAD_PARAM &&
           db_find(database, 0, NULL, NULL, NULL, NULL, NULL) != 0);
    EXPECT(db_insert(database, key, 0, NULL, 0x7FFFFFFF, bytes) == (int)E_DB_LENGTH &&
           db_insert(database, key, 5, NULL, 0, NULL) != 0);
    EXPECT(db_open(NULL, 0, NULL, NULL) != 0 && db_drop("CXIKEY") == (int)E_DB_BAD_NAME);
    EXPECT(db_drop("FLASH\\CXIKEY") == (int)E_DB_BAD_NAME && db_drop("flash\\user") == (int)E_DB_BAD_NAME &&
           db_drop("Flash\\VMBK1") == (int)E_DB_BAD_NAME);
    EXPECT(eca_dp_get_info(curve, 1, &length, NULL) != 0 &&
           ecdsa_sign(curve, 0, 8, key, 8, key, &length, bytes) != 0);
    EXPECT(aes_ecb(&empty, AES_ENC, 16, bytes, bytes) != 0 && aes_ecb(NULL, 0, 16, bytes, bytes) != 0);
    EXPECT(hash_hash(0, 1, bytes, NULL, bytes, &length) == (int)E_HASH_MODE &&
           hash_hash(HASH_SHA256 | HASH_CONT, 1, bytes, bytes, bytes, &length) != 0);
    EXPECT(cmds_alloc_answ(&other, 4, &answer) == (int)E_CMDS_INVAL &&
           cmds_alloc_answ(handle, -1, &answer) == (int)E_CMDS_BAD_SIZE);
    EXPECT(cmds_register(PROBE_ID, 1, NULL) == (int)E_CMDS_INVAL && cmds_unregister(0x99) != 0);
    EXPECT(mbk_get_key_info(99, NULL) != 0 && os_mdl_link_pub(NULL, 0) == NULL &&
           os_mdl_link_pub("NO SUCH", 0) == NULL);
    EXPECT(os_mem_new(0xFFFFFFFF, OS_MEM_TYPE_SD) == NULL);
    return 0;
}

static const P_CMDS_FCT Module_func_tab_of_bad[1] = {echo};

/* Speaks to the simulator itself, against the channel's rules, and does not want to end. */
static int break_the_rules(void) {
    struct cs2sim_channel* mine =
        mmap(NULL, sizeof *mine, PROT_READ | PROT_WRITE, MAP_SHARED, CS2SIM_CHANNEL_FD, 0);
    volatile int forever = 1;
    sigset_t ends;
    if (mine == MAP_FAILED) return 0;
    sigemptyset(&ends);
    sigaddset(&ends, SIGXCPU);
    sigprocmask(SIG_BLOCK, &ends, NULL);
    mine->kind = CS2SIM_SERVICE;
    mine->number = 0;
    mine->length = 0xFFFFFFFFu;
    __atomic_store_n(&mine->turn, CS2SIM_TURN_SIMULATOR, __ATOMIC_RELEASE);
    syscall(SYS_futex, &mine->turn, FUTEX_WAKE, 1, NULL, NULL, 0);
    while (forever) {
    }
    return 0;
}

/* Primes as long as there are, one after the other: minutes of the simulator's time. */
static int search_primes(void) {
    static lword prime[256];
    int code;
    while ((code = lna_gen_prob_prime(0, 8192, 0, 0, NULL, prime)) == 0) {
    }
    return code;
}

/* The same between commands. */
static void search_in_background(void* unused) {
    (void)unused;
    os_task_dly(1);
    (void)search_primes();
    os_task_del(os_task_id_get(), NULL);
}
static int begin_search(void) {
    static T_OS_TASK_PAR task = {"SEARCH",       OS_TASK_ID_INVALID, 0, 0x4000, NULL, search_in_background,
                                 OS_MEM_TYPE_SD, OS_MEM_TYPE_SD};
    return os_task_new(&task) ? 0 : (int)0xB1700020u;
}

/* A superuser's simulator has some, its modules have none. */
static int has_capabilities(void) {
    struct __user_cap_header_struct self = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2];
    memset(data, 0xFF, sizeof data);
    return syscall(SYS_capget, &self, data) != 0 || (data[0].permitted | data[1].permitted) != 0;
}

static int refused_calls(void) {
    unsigned long long how[3] = {O_WRONLY | O_CREAT, 0600, 0};
    long calls[3];
    calls[0] = syscall(SYS_openat2, AT_FDCWD, "module-was-here", how, sizeof how);
    calls[0] = calls[0] < 0 && errno == EPERM ? 0 : 1;
    calls[1] = syscall(SYS_renameat2, AT_FDCWD, "no such file", AT_FDCWD, "module-was-here", 0);
    calls[1] = calls[1] < 0 && errno == EPERM ? 0 : 1;
    calls[2] = syscall(SYS_mknodat, AT_FDCWD, "module-was-here", S_IFREG | 0600, 0);
    calls[2] = calls[2] < 0 && errno == EPERM ? 0 : 1;
    return (int)(calls[0] + calls[1] + calls[2]);
}

static int misbehave(T_CMDS_HANDLE* handle, int l_cmd, unsigned char* cmd) {
    static unsigned char* kept;
    unsigned char* volatile nowhere = NULL; /* which the compiler may not see through */
    unsigned char* block;
    volatile int forever = 1;
    const char* text;
    int i;
    if (l_cmd < 1) return (int)E_CMDS_DATA_LEN;
    switch (cmd[0]) {
        case 0:
            write_through(nowhere);
            return 0;
        case 1:
            while (forever) {
            }
            return 0;
        case 2: /* overruns its block by one byte, and goes on */
            block = os_mem_new_tag(10, OS_MEM_TYPE_SD, "bad.h", 42);
            block[10] = 1;
            os_mem_del_set(block, 0);
            return 0;
        case 3:
            return overrun_stack(0);
        case 4: /* frees twice */
            block = os_mem_new_tag(10, OS_MEM_TYPE_SD, "bad.h", 43);
            os_mem_del_set(block, 0);
            os_mem_del_set(block, 0);
            return 0;
        case 5:
            exit(3);
        case 6: /* another process */
            return fork() < 0 ? 0 : (int)0xB1700006u;
        case 7: /* more than an answer may have */
            return cmds_alloc_answ(handle, 300 * 1024, &block);
        case 8:
            return wrong_arguments(handle);
        case 9: /* never freed */
            kept = os_mem_new_tag(33, OS_MEM_TYPE_SD, "bad.h", 44);
            kept[0] = 1;
            return 0;
        case 10: /* a function code of the device's own */
            return cmds_register(0x083, 1, Module_func_tab_of_bad);
        case 11: /* frees what is no block */
            block = os_mem_new(10, OS_MEM_TYPE_SD);
            os_mem_del_set(block + 3, 0);
            os_mem_del_set(block, 0);
            return 0;
        case 12:
            abort();
        case 13: /* opens a file, a socket would need one more header */
            return access("/etc/hostname", F_OK) == 0 && fopen("/etc/hostname", "r") ? (int)0xB1700013u : 0;
        case 14: /* asks for services without end */
            while (forever) db_drop("CXIKEY");
            return 0;
        case 15: /* calls that write, whose flags or names a filter might not see */
            return refused_calls() == 0 && !has_capabilities() ? 0 : (int)0xB1700015u;
        case 16: /* overruns its answer, among so many blocks that it is not looked at right away */
            for (i = 0; i < 3000; ++i)
                if (!os_mem_new_tag(8, OS_MEM_TYPE_SD, "bad.h", 45)) return (int)0xB1700016u;
            if (cmds_alloc_answ(handle, 4, &block) != 0) return (int)0xB1700016u;
            os_mem_cpy(block, "well!", 5);
            return 0;
        case 17: /* frees its answer */
            if (cmds_alloc_answ(handle, 4, &block) != 0) return (int)0xB1700017u;
            os_mem_del(block);
            return 0;
        case 18:
            return break_the_rules();
        case 19:
            return search_primes();
        case 20:
            return begin_search();
        case 21: /* what its constructors could do */
            text = what_it_could();
            if (cmds_alloc_answ(handle, (int)strlen(text), &block) != 0) return (int)0xB1700019u;
            os_mem_cpy(block, text, (unsigned)strlen(text));
            return 0;
        default:
            return (int)E_CMDS_INVAL;
    }
}
