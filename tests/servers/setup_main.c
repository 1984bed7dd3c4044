/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * setup_main CONFIG_DIR TABLES [VPN_ADDRESS...]: what `meshctl setup postfix` prints.
 */
#include "agent/driver/setup_postfix.h"

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	return setup_postfix_print(
	               argv[1], argv[2], (const char *const *)argv + 3, (size_t)argc - 3, stdout) != 0;
}
