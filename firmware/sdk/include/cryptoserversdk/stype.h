/* cryptoserversdk/stype.h: storage classes that module sources write
 *
 * Part of cs2sim's SDK, an independent rewrite for modules that run in the simulator. Names, numbers and slots:
 * firmware/protocol/reference/sdk-facts.md, section 3.
 * Made by make_headers.py; change the tables there. */
#ifndef CRYPTOSERVERSDK_STYPE_H
#define CRYPTOSERVERSDK_STYPE_H

#define MDL_GLOBAL
#define MDL_CONST const
#define FILE_GLOBAL static
#define FILE_CONST static const
#define FAR
#define INIT_AUTO
#define INIT_STAT static const
#define LOCAL_STAT static
#define INLINE inline
#define RESTRICT
#define INTERRUPT

#endif
