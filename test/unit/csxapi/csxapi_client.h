/* A client of csxapi in C, as users write them: opens, logs on, runs commands, closes. */
#ifndef CSXAPI_CLIENT_H
#define CSXAPI_CLIENT_H

#ifdef __cplusplus
extern "C" {
#endif

/* 0, or the line of the first check that failed. */
int csxapi_client(const char* device, const char* admin_key);
int keystore_client(const char* url);

#ifdef __cplusplus
}
#endif

#endif
