/* What every module publishes first: the head of the table behind Module_pub (firmware/sdk/README.md). A
   module whose functions others may call has its own behind it. */
struct published_head {
    void* p_data;
    int (*start)(T_OS_MDL_HDL, OS_FILE_HANDLE, void*);
    int (*stop)(void);
    int (*pre_replace)(void);
    int (*pre_delete)(void);
    void* reserved;
    const T_MODULE_INFO* info;
};
