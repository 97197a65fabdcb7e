/* A module's command that finds something wrong answers with the line. */
#define EXPECT(condition) \
    if (!(condition)) return answer_line(handle, __LINE__)

static int answer_line(T_CMDS_HANDLE* handle, int line) {
    unsigned char* answer = NULL;
    const int code = cmds_alloc_answ(handle, 4, &answer);
    if (code != 0) return code;
    store_int4((unsigned int)line, answer);
    return 0;
}
