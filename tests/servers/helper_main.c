/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The helper process alone, on descriptor 3, for tests against real servers.
 */
#include "agent/driver/helper.h"

int main(void)
{
	return helper_main(3);
}
