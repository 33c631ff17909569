/*
 * Integer types of the seL4 interface and their printf formats. All arguments and results of the kernel are
 * 64-bit words.
 */
#pragma once

#include <sel4/config.h>
#include <sel4/macros.h>

typedef signed char seL4_Int8;
typedef unsigned char seL4_Uint8;
typedef short seL4_Int16;
typedef unsigned short seL4_Uint16;
typedef int seL4_Int32;
typedef unsigned int seL4_Uint32;
typedef long seL4_Int64;
typedef unsigned long seL4_Uint64;

typedef seL4_Uint64 seL4_Word;
typedef seL4_Int8 seL4_Bool;
typedef seL4_Word seL4_CPtr;
typedef seL4_Word seL4_PAddr;
typedef seL4_Word seL4_NodeId;
typedef seL4_Word seL4_Domain;

#define seL4_True  1
#define seL4_False 0
#define seL4_Null  ((void *)0)

#define SEL4_PRId_word "ld"
#define SEL4_PRIi_word "li"
#define SEL4_PRIu_word "lu"
#define SEL4_PRIx_word "lx"

_Static_assert(sizeof(seL4_Word) == 8, "a word is 64 bits");
_Static_assert(sizeof(seL4_Uint32) == 4, "fixed-width types are what they say");
_Static_assert(sizeof(void *) == sizeof(seL4_Word), "a pointer fits a word");
