// Types, structures and constants of PKCS#11 3.0 (OASIS, 2020), typed in from the standard, and the vendor's
// (reference/pkcs11-facts.md, section 6). Structures are not packed, as on every Unix.
#pragma once

using CK_BYTE = unsigned char;
using CK_CHAR = unsigned char;
using CK_UTF8CHAR = unsigned char;
using CK_BBOOL = unsigned char;
using CK_ULONG = unsigned long;
using CK_FLAGS = CK_ULONG;
using CK_RV = CK_ULONG;
using CK_SLOT_ID = CK_ULONG;
using CK_SESSION_HANDLE = CK_ULONG;
using CK_OBJECT_HANDLE = CK_ULONG;
using CK_OBJECT_CLASS = CK_ULONG;
using CK_KEY_TYPE = CK_ULONG;
using CK_ATTRIBUTE_TYPE = CK_ULONG;
using CK_MECHANISM_TYPE = CK_ULONG;
using CK_USER_TYPE = CK_ULONG;
using CK_STATE = CK_ULONG;
using CK_NOTIFICATION = CK_ULONG;
using CK_VOID_PTR = void*;
using CK_BYTE_PTR = CK_BYTE*;
using CK_ULONG_PTR = CK_ULONG*;

#define CS2SIM_CK(prefix, name, number) inline constexpr CK_ULONG prefix##_##name = number##UL;
#include "host-lib/pkcs11/cryptoki/names.inc"
#undef CS2SIM_CK

inline constexpr CK_BBOOL CK_TRUE = 1;
inline constexpr CK_BBOOL CK_FALSE = 0;
inline constexpr CK_ULONG CK_UNAVAILABLE_INFORMATION = ~0UL;
inline constexpr CK_ULONG CK_EFFECTIVELY_INFINITE = 0;
inline constexpr CK_ULONG CK_INVALID_HANDLE = 0;
inline constexpr CK_ULONG CK_VENDOR_DEFINED = 0x80000000UL;

struct CK_VERSION {
    CK_BYTE major, minor;
};
struct CK_INFO {
    CK_VERSION cryptokiVersion;
    CK_UTF8CHAR manufacturerID[32];
    CK_FLAGS flags;
    CK_UTF8CHAR libraryDescription[32];
    CK_VERSION libraryVersion;
};
struct CK_SLOT_INFO {
    CK_UTF8CHAR slotDescription[64];
    CK_UTF8CHAR manufacturerID[32];
    CK_FLAGS flags;
    CK_VERSION hardwareVersion, firmwareVersion;
};
struct CK_TOKEN_INFO {
    CK_UTF8CHAR label[32];
    CK_UTF8CHAR manufacturerID[32];
    CK_UTF8CHAR model[16];
    CK_CHAR serialNumber[16];
    CK_FLAGS flags;
    CK_ULONG ulMaxSessionCount, ulSessionCount, ulMaxRwSessionCount, ulRwSessionCount;
    CK_ULONG ulMaxPinLen, ulMinPinLen;
    CK_ULONG ulTotalPublicMemory, ulFreePublicMemory, ulTotalPrivateMemory, ulFreePrivateMemory;
    CK_VERSION hardwareVersion, firmwareVersion;
    CK_CHAR utcTime[16];
};
struct CK_SESSION_INFO {
    CK_SLOT_ID slotID;
    CK_STATE state;
    CK_FLAGS flags;
    CK_ULONG ulDeviceError;
};
struct CK_ATTRIBUTE {
    CK_ATTRIBUTE_TYPE type;
    CK_VOID_PTR pValue;
    CK_ULONG ulValueLen;
};
struct CK_DATE {
    CK_CHAR year[4], month[2], day[2];
};
struct CK_MECHANISM {
    CK_MECHANISM_TYPE mechanism;
    CK_VOID_PTR pParameter;
    CK_ULONG ulParameterLen;
};
struct CK_MECHANISM_INFO {
    CK_ULONG ulMinKeySize, ulMaxKeySize;
    CK_FLAGS flags;
};
struct CK_INTERFACE {
    CK_UTF8CHAR* pInterfaceName;
    CK_VOID_PTR pFunctionList;
    CK_FLAGS flags;
};
using CK_NOTIFY = CK_RV (*)(CK_SESSION_HANDLE, CK_NOTIFICATION, CK_VOID_PTR);
struct CK_C_INITIALIZE_ARGS {
    CK_RV (*CreateMutex)(CK_VOID_PTR*);
    CK_RV (*DestroyMutex)(CK_VOID_PTR);
    CK_RV (*LockMutex)(CK_VOID_PTR);
    CK_RV (*UnlockMutex)(CK_VOID_PTR);
    CK_FLAGS flags;
    CK_VOID_PTR pReserved;
};

// Parameters of mechanisms (PKCS#11 3.0 current mechanisms, the sections of their mechanisms).
struct CK_RSA_PKCS_OAEP_PARAMS {
    CK_MECHANISM_TYPE hashAlg;
    CK_ULONG mgf, source;
    CK_VOID_PTR pSourceData;
    CK_ULONG ulSourceDataLen;
};
struct CK_RSA_PKCS_PSS_PARAMS {
    CK_MECHANISM_TYPE hashAlg;
    CK_ULONG mgf, sLen;
};
struct CK_ECDH1_DERIVE_PARAMS {
    CK_ULONG kdf, ulSharedDataLen;
    CK_BYTE_PTR pSharedData;
    CK_ULONG ulPublicDataLen;
    CK_BYTE_PTR pPublicData;
};
struct CK_AES_CTR_PARAMS {
    CK_ULONG ulCounterBits;
    CK_BYTE cb[16];
};
struct CK_GCM_PARAMS {
    CK_BYTE_PTR pIv;
    CK_ULONG ulIvLen, ulIvBits;
    CK_BYTE_PTR pAAD;
    CK_ULONG ulAADLen, ulTagBits;
};
struct CK_GCM_PARAMS_V2_20 {  // as before 2.40 errata 1: without ulIvBits
    CK_BYTE_PTR pIv;
    CK_ULONG ulIvLen;
    CK_BYTE_PTR pAAD;
    CK_ULONG ulAADLen, ulTagBits;
};
struct CK_CCM_PARAMS {
    CK_ULONG ulDataLen;
    CK_BYTE_PTR pNonce;
    CK_ULONG ulNonceLen;
    CK_BYTE_PTR pAAD;
    CK_ULONG ulAADLen, ulMACLen;
};
struct CK_KEY_DERIVATION_STRING_DATA {
    CK_BYTE_PTR pData;
    CK_ULONG ulLen;
};
struct CK_DES_CBC_ENCRYPT_DATA_PARAMS {
    CK_BYTE iv[8];
    CK_BYTE_PTR pData;
    CK_ULONG length;
};
struct CK_AES_CBC_ENCRYPT_DATA_PARAMS {
    CK_BYTE iv[16];
    CK_BYTE_PTR pData;
    CK_ULONG length;
};
struct CK_RSA_AES_KEY_WRAP_PARAMS {
    CK_ULONG ulAESKeyBits;
    CK_RSA_PKCS_OAEP_PARAMS* pOAEPParams;
};
struct CK_EDDSA_PARAMS {
    CK_BBOOL phFlag;
    CK_ULONG ulContextDataLen;
    CK_BYTE_PTR pContextData;
};
struct CK_GCM_MESSAGE_PARAMS {
    CK_BYTE_PTR pIv;
    CK_ULONG ulIvLen, ulIvFixedBits, ivGenerator;
    CK_BYTE_PTR pTag;
    CK_ULONG ulTagBits;
};
struct CK_CCM_MESSAGE_PARAMS {
    CK_ULONG ulDataLen;
    CK_BYTE_PTR pNonce;
    CK_ULONG ulNonceLen, ulNonceFixedBits, nonceGenerator;
    CK_BYTE_PTR pMAC;
    CK_ULONG ulMACLen;
};

struct CK_SSL3_RANDOM_DATA {
    CK_BYTE_PTR pClientRandom;
    CK_ULONG ulClientRandomLen;
    CK_BYTE_PTR pServerRandom;
    CK_ULONG ulServerRandomLen;
};
struct CK_TLS12_MASTER_KEY_DERIVE_PARAMS {
    CK_SSL3_RANDOM_DATA RandomInfo;
    CK_VERSION* pVersion;
    CK_MECHANISM_TYPE prfHashMechanism;
};
struct CK_TLS_MAC_PARAMS {
    CK_MECHANISM_TYPE prfHashMechanism;
    CK_ULONG ulMacLength, ulServerOrClient;
};
struct CK_TLS_KDF_PARAMS {
    CK_MECHANISM_TYPE prfMechanism;
    CK_BYTE_PTR pLabel;
    CK_ULONG ulLabelLength;
    CK_SSL3_RANDOM_DATA RandomInfo;
    CK_BYTE_PTR pContextData;
    CK_ULONG ulContextDataLength;
};

// The vendor's (pkcs11-facts.md, section 6).
struct CK_WRAP_PARAMS {
    CK_BYTE_PTR pIv;
    unsigned ulIvLen;
    CK_BYTE_PTR pPrefix;
    unsigned ulPrefixLen;
    CK_BYTE_PTR pPostfix;
    unsigned ulPostfixLen;
};
struct CK_ECDSA_ECIES_PARAMS {
    CK_MECHANISM_TYPE hashAlg, cryptAlg;
    CK_ULONG cryptOpt;  // bits of the cipher's key
    CK_MECHANISM_TYPE macAlg;
    CK_ULONG macOpt;  // bytes of the MAC; 0: whole
    CK_BYTE_PTR pSharedSecret1;
    CK_ULONG ulSharedSecret1Len;
    CK_BYTE_PTR pSharedSecret2;
    CK_ULONG ulSharedSecret2Len;
};
struct CS_SESSION_INFO {  // OUR ASSUMPTION
    CK_SLOT_ID slotID;
    CK_ULONG authState;      // what those who are logged on add up to in the slot's group
    CK_ULONG ulDeviceError;  // the last one
    CK_UTF8CHAR device[64];  // that the session is or was connected to, blank padded
};

struct CK_FUNCTION_LIST;
struct CK_FUNCTION_LIST_3_0;
struct CS_FUNCTION_LIST;

#define CS2SIM_P11_LIST_TYPES
#include "host-lib/pkcs11/cryptoki/function_lists.h"
