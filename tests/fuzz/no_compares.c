/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The linker puts these before what the fuzzer keeps of each comparison (--wrap, see meson.build): a third of
 * the time of a run in which whole cores work, and of no use where the input is a script.
 */
#include <stdint.h>

void __wrap___sanitizer_cov_trace_const_cmp1(uint8_t a, uint8_t b);
void __wrap___sanitizer_cov_trace_const_cmp4(uint32_t a, uint32_t b);
void __wrap___sanitizer_cov_trace_const_cmp8(uint64_t a, uint64_t b);
void __wrap___sanitizer_cov_trace_cmp4(uint32_t a, uint32_t b);
void __wrap___sanitizer_cov_trace_cmp8(uint64_t a, uint64_t b);

void __wrap___sanitizer_cov_trace_const_cmp1(uint8_t a, uint8_t b)
{
	(void)a;
	(void)b;
}

void __wrap___sanitizer_cov_trace_const_cmp4(uint32_t a, uint32_t b)
{
	(void)a;
	(void)b;
}

void __wrap___sanitizer_cov_trace_const_cmp8(uint64_t a, uint64_t b)
{
	(void)a;
	(void)b;
}

void __wrap___sanitizer_cov_trace_cmp4(uint32_t a, uint32_t b)
{
	(void)a;
	(void)b;
}

void __wrap___sanitizer_cov_trace_cmp8(uint64_t a, uint64_t b)
{
	(void)a;
	(void)b;
}
