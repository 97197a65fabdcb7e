/* cryptoserversdk/os.h: the operating system's table of sections
 *
 * Part of cs2sim's SDK, an independent rewrite for modules that run in the simulator. Names, numbers and slots:
 * firmware/protocol/reference/sdk-facts.md, section 3.
 * Made by make_headers.py; change the tables there. */
#ifndef CRYPTOSERVERSDK_OS_H
#define CRYPTOSERVERSDK_OS_H

#include "stype.h"

typedef void* T_OS_MDL_HDL;

typedef struct {
    const void* p_data;
    const void* p_rfu1;
    const void* p_os_i2c;
    const void* p_os_crypt;
    const void* p_os_dev;
    const void* p_os_rtc;
    const void* p_os_fifo;
    const void* p_os_file;
    const void* p_os_irq;
    const void* p_os_link;
    const void* p_os_log;
    const void* p_os_mdl;
    const void* p_os_mem;
    const void* p_os_sema;
    const void* p_os_audit;
    const void* p_os_str;
    const void* p_rfu3;
    const void* p_rfu4;
    const void* p_os_task;
    const void* p_os_tmr;
    const void* p_os_sens;
    const void* p_os_pci;
    const void* p_os_hw;
    const void* p_os_usb;
    const void* p_os_cfg;
} T_OS_TABLE_PUB;

extern T_OS_MDL_HDL P_SMOS;

#define E_OS_SENS_WRITE_ERR 0xB0000100u /* sensor write failed */
#define E_OS_SENS_READ_ERR 0xB0000101u /* sensor read failed */
#define E_OS_SENS_BAD_TYPE 0xB0000102u /* unknown sensor info type */
#define E_OS_SENS_MEM_ALLOC 0xB0000103u /* heap exhausted */
#define E_OS_SENS_IO_ERR 0xB0000104u /* sensor line failure */
#define E_OS_SENS_MK_CORR 0xB0000105u /* master key damaged */
#define E_OS_SENS_NO_ALARM 0xB0000107u /* no alarm to reset */
#define E_OS_SENS_READ_TIMEOUT 0xB0000108u /* sensor silent */
#define E_OS_SENS_ALARM_PRESENT 0xB0000109u /* alarm cause persists */
#define E_OS_SENS_PARAM 0xB0000110u /* argument not acceptable */
#define E_OS_SENS_BUF_SIZE 0xB0000111u /* output buffer short */
#define E_OS_SENS_LOCKED 0xB0000114u /* sensor controller blocked */
#define E_OS_DEV_ERR 0xB0000201u /* device failure */
#define E_OS_DEV_ALREADY_OPEN 0xB0000202u /* device busy */
#define E_OS_DEV_NAME_INVALID 0xB0000203u /* device name unusable */
#define E_OS_DEV_MODE_INVALID 0xB0000204u /* device mode unusable */
#define E_OS_DEV_PARAMETER_INVALID 0xB0000205u /* device argument unusable */
#define E_OS_DEV_HDL_INVALID 0xB0000206u /* device handle unusable */
#define E_OS_DEV_DATA_INVALID 0xB0000207u /* device data damaged */
#define E_OS_DEV_NO_MEM 0xB0000209u /* heap exhausted */
#define E_OS_DEV_NO_SUCH_FUNCTION 0xB000020Au /* device lacks function */
#define E_OS_DEV_NO_DEVICE 0xB000020Bu /* no serial port */
#define E_OS_FILE_INIT 0xB0000501u /* file system not started */
#define E_OS_FILE_ALREADY_OPEN 0xB0000502u /* file opened already */
#define E_OS_FILE_ILL_NAME 0xB0000503u /* file name unusable */
#define E_OS_FILE_ILL_ATTRIB 0xB0000504u /* open mode unknown */
#define E_OS_FILE_NO_SUCH_PATH 0xB0000505u /* directory absent */
#define E_OS_FILE_NO_SUCH_FILE 0xB0000506u /* file absent */
#define E_OS_FILE_EXIST 0xB0000507u /* existence conflict */
#define E_OS_FILE_ILL_PARAM 0xB0000508u /* argument not acceptable */
#define E_OS_FILE_NOT_OPEN 0xB000050Au /* not opened for this access */
#define E_OS_FILE_ILL_POS 0xB000050Bu /* seek out of range */
#define E_OS_FILE_NO_MEM 0xB000050Cu /* heap exhausted */
#define E_OS_FILE_MAGIC 0xB000050Eu /* magic value wrong */
#define E_OS_FILE_ECC 0xB0000514u /* page ECC failure */
#define E_OS_FILE_RDONLY 0xB0000515u /* file system write-protected */
#define E_OS_FILE_HANDLE 0xB0000516u /* handle unusable */
#define E_OS_FILE_NO_SPACE 0xB0000517u /* storage full */
#define E_OS_FILE_TABLE_FULL 0xB0000518u /* directory full */
#define E_OS_FILE_CORR 0xB0000519u /* file damaged */
#define E_OS_FILE_EXDEV 0xB000051Au /* crosses file systems */
#define E_OS_FILE_HDL_TOOMANY 0xB000051Fu /* handles exhausted */
#define E_OS_TASK_STACK_OVL 0xB0000601u /* stack overrun */
#define E_OS_TASK_STACK_CORR 0xB0000602u /* stack damaged */
#define E_OS_TASK_BUFSIZE 0xB0000603u /* output buffer short */
#define E_OS_TASK_MALLOC 0xB0000604u /* heap exhausted */
#define E_OS_AUDIT_EXIST 0xB0000700u /* no audit file */
#define E_OS_AUDIT_FULL 0xB0000701u /* audit storage exhausted */
#define E_OS_AUDIT_FSFULL 0xB0000702u /* storage full */
#define E_OS_AUDIT_BUFF_TOO_SMALL 0xB0000703u /* output buffer short */
#define E_OS_AUDIT_MALLOC 0xB0000704u /* heap exhausted */
#define E_OS_AUDIT_CFG_ITEM 0xB0000705u /* unknown audit setting */
#define E_OS_AUDIT_CFG_RANGE 0xB0000706u /* audit setting out of limits */
#define E_OS_AUDIT_PARAM 0xB0000707u /* argument not acceptable */
#define E_OS_AUDIT_INVALID_HANDLE 0xB0000708u /* handle unusable */
#define E_OS_AUDIT_CFG_LOCKED 0xB0000709u /* audit settings frozen */
#define E_OS_AUDIT_ALREADY_EXIST 0xB000070Au /* audit file present already */
#define E_OS_MDL_MEM_ALLOC 0xB0000801u /* heap exhausted */
#define E_OS_MDL_PARA_INVALID 0xB0000802u /* argument unusable */
#define E_OS_MDL_EXIST 0xB0000803u /* module registered already */
#define E_OS_MDL_TABLE 0xB0000804u /* no module slot left */
#define E_OS_MDL_PARAMETER 0xB0000805u /* argument refused */
#define E_OS_MDL_EVENT 0xB0000806u /* awaited state not reached */
#define E_OS_MDL_NOT_FOUND 0xB0000807u /* no such module */
#define E_OS_MDL_WRITE 0xB0000808u /* cannot store module */
#define E_OS_MDL_SLF_BAD 0xB0000809u /* licence file signature wrong */
#define E_OS_MDL_BL_INI 0xB000080Au /* boot config unreadable */
#define E_OS_MDL_SLF_FOUND 0xB000080Bu /* licence item absent */
#define E_OS_MDL_MTC_INV 0xB000080Cu /* MTC container malformed */
#define E_OS_MDL_MMC_INV 0xB000080Du /* MMC container malformed */
#define E_OS_MDL_NO_MTC_SIG 0xB000080Eu /* MTC unsigned */
#define E_OS_MDL_CFG_FOUND 0xB000080Fu /* config item absent */
#define E_OS_MDL_HW_TYPE 0xB0000810u /* module built for other hardware */
#define E_OS_MDL_MSC_INV 0xB0000811u /* MSC container malformed */
#define E_OS_MDL_MSC_VERIFY_FAILED 0xB0000812u /* MSC signature wrong */
#define E_OS_MDL_NOT_SUPP 0xB0000813u /* operation unavailable */
#define E_OS_MDL_NOT_AVAILABLE 0xB0000814u /* operation currently unavailable */
#define E_OS_MDL_CORRUPT 0xB0000815u /* module image damaged */
#define E_OS_MEM_BAD_TYPE 0xB0000901u /* unknown memory type */
#define E_OS_MEM_CORR 0xB0000902u /* heap structure damaged */
#define E_OS_MEM_BUF_SIZE 0xB0000903u /* output buffer short */
#define E_OS_MEM_BAD_ADDR 0xB0000904u /* pointer not from heap */
#define E_OS_STR_MALLOC 0xB0000A01u /* heap exhausted */
#define E_OS_CFG_MALLOC 0xB0000B01u /* heap exhausted */
#define E_OS_CFG_INVALID_PARAM 0xB0000B02u /* argument not acceptable */
#define E_OS_CFG_INVALID_HDL 0xB0000B03u /* handle unusable */
#define E_OS_CFG_BAD 0xB0000B04u /* config file malformed */
#define E_OS_CFG_SECT_NOT_FOUND 0xB0000B05u /* config section absent */
#define E_OS_CFG_ITEM_NOT_FOUND 0xB0000B06u /* config key absent */
#define E_OS_PCI_DMA_TMOUT 0xB0001000u /* DMA stalled */
#define E_OS_PCI_CANCEL 0xB0001001u /* request withdrawn */
#define E_OS_PCI_MBR_RD_TMOUT 0xB0001002u /* mailbox read stalled */
#define E_OS_PCI_MBR_WR_TMOUT 0xB0001003u /* mailbox write stalled */
#define E_OS_PCI_MBR_CMD 0xB0001004u /* unknown mailbox command */
#define E_OS_PCI_RX_CRC 0xB0001005u /* received CRC wrong */
#define E_OS_PCI_NOT_IMPL 0xB0001006u /* operation unavailable */
#define E_OS_PCI_SHUTDOWN 0xB0001007u /* shutdown asked for */
#define E_OS_PCI_MEM 0xB0001008u /* heap exhausted */
#define E_OS_PCI_SEQCT 0xB0001009u /* sequence counter wrong */
#define E_OS_PCI_RD_TMOUT 0xB000100Au /* read stalled */
#define E_OS_PCI_WR_TMOUT 0xB000100Bu /* write stalled */
#define E_OS_PCI_LENERR 0xB000100Cu /* block length wrong */
#define E_OS_PCI_SOCKET 0xB000100Du /* socket failure */
#define E_OS_PCI_STATE 0xB000100Eu /* receive in wrong state */
#define E_OS_PCI_TIMEOUT 0xB000100Fu /* time ran out */
#define E_OS_RTC_FAIL 0xB0001100u /* clock failure */
#define E_OS_RTC_NOT_INIT 0xB0001101u /* clock never set */
#define E_OS_RTC_PARAM 0xB0001102u /* argument not acceptable */
#define E_OS_CRYPT_MEM_ALLOC 0xB0001301u /* heap exhausted */
#define E_OS_CRYPT_PARA_INVALID 0xB0001302u /* argument not acceptable */
#define E_OS_CRYPT_MK_READ 0xB0001303u /* master key unreadable */
#define E_OS_CRYPT_NO_MK 0xB0001304u /* master key access refused */
#define E_OS_CRYPT_MK_CORR 0xB0001305u /* master key damaged */
#define E_OS_CRYPT_MK_WRITE 0xB0001306u /* master key update failed */
#define E_OS_CRYPT_NOT_SUPP 0xB0001307u /* operation unavailable */
#define E_OS_CRYPT_RND_FAIL 0xB0001308u /* random source failed */
#define E_OS_CRYPT_SHA512_KAT 0xB0001309u /* SHA-512 self-test failed */
#define E_OS_CRYPT_RND_TMOUT 0xB0001310u /* random source stalled */
#define E_OS_CRYPT_RND_KAT 0xB0001311u /* random self-test failed */
#define E_OS_CRYPT_RND_INIT 0xB0001312u /* random source not started */
#define E_OS_CRYPT_RND_SEC_STRENGTH 0xB0001313u /* security strength unavailable */
#define E_OS_CRYPT_RND_REQ 0xB0001314u /* too many random bits asked */
#define E_OS_CRYPT_RND_PRED_RESISTANCE 0xB0001315u /* prediction resistance unavailable */
#define E_OS_CRYPT_RND_RESEED 0xB0001316u /* reseed due */
#define E_OS_PNC_BL 0xB0005001u /* boot stopped: CRC */
#define E_OS_PNC_SDRAM 0xB0005002u /* boot stopped: SDRAM */
#define E_OS_PNC_PCI 0xB000500Bu /* host link closed */
#define E_OS_PNC_MEMORY 0xB000500Cu /* memory damaged */
#define E_OS_PNC_HIGH_TEMP 0xB0005306u /* too hot */
#define E_OS_PNC_RESET_ALARM 0xB000530Au /* alarm was reset */
#define E_OS_PNC_CLEAR 0xB000530Eu /* device was cleared */
#define E_OS_PNC_HALT 0xB0005344u /* device halted */

#endif
