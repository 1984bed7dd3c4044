/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/cmocka.h"

#include "tests/unit/support/fixture.h"

static struct table_row row_of(const char *domain, uint8_t author)
{
	return (struct table_row){.domain = domain_name_of(domain),
	        .author = {author},
	        .version = 7,
	        .since_ms = 9,
	        .route = {.count = 1,
	                .hops = {{.address = {.length = 4, .bytes = {10, 66, 0, 1}}, .port = 25}}}};
}

static void tells_equal_rows_from_any_that_differ(void **state)
{
	struct table_row base[] = {row_of("a.test", 1), row_of("b.test", 2)}, other[2];
	struct table_rows a = {.rows = base, .count = 2}, b = {.rows = other, .count = 2};

	(void)state;
	for (unsigned change = 0; change < 10; change++) {
		memcpy(other, base, sizeof other);
		b.count = 2;
		switch (change) {
		case 0:
			other[1].domain = domain_name_of("c.test");
			break;
		case 1:
			other[1].author[31] = 1;
			break;
		case 2:
			other[1].version++;
			break;
		case 3:
			other[1].since_ms++;
			break;
		case 4:
			other[1].route.count = 0;
			break;
		case 5:
			other[1].route.hops[0].port++;
			break;
		case 6:
			other[1].route.hops[0].address.bytes[3]++;
			break;
		case 7:
			b.count = 1;
			break;
		case 8:
			other[1].route.count = 2;
			break;
		default:
			other[1].route.hops[1].port = 99; /* beyond its count */
			assert_true(table_rows_equal(&a, &b));
			continue;
		}
		assert_false(table_rows_equal(&a, &b));
		assert_false(table_rows_equal(&b, &a));
	}
}

static void copies_rows_and_none(void **state)
{
	struct table_row base[] = {row_of("a.test", 1), row_of("b.test", 2)};
	struct table_rows rows = {.rows = base, .count = 2}, none = {.count = 0}, copy;

	(void)state;
	assert_int_equal(table_rows_copy(&rows, &copy), RESULT_OK);
	assert_true(table_rows_equal(&rows, &copy));
	assert_ptr_not_equal(copy.rows, base);
	table_rows_fini(&copy);
	assert_int_equal(table_rows_copy(&none, &copy), RESULT_OK);
	assert_int_equal(copy.count, 0);
	table_rows_fini(&copy);
}

static void finds_a_row_by_its_whole_domain(void **state)
{
	struct table_row base[] = {
	        row_of("a.test", 1), row_of("aa.test", 2), row_of("b-b.test", 3), row_of("b.b.test", 4)};
	struct table_rows rows = {.rows = base, .count = 4}, none = {.count = 0};

	(void)state;
	for (unsigned i = 0; i < 4; i++)
		assert_ptr_equal(table_rows_find(&rows, text(base[i].domain.text)), &base[i]);
	assert_null(table_rows_find(&rows, text("a.tes")));
	assert_null(table_rows_find(&rows, text("a.testt")));
	assert_null(table_rows_find(&rows, text("")));
	assert_null(table_rows_find(&none, text("a.test")));
}

static struct published_mx mx_of(const char *domain, uint8_t relay)
{
	return (struct published_mx){
	        .domain = domain_name_of(domain), .author = {1}, .relay = {relay}, .preference = 10};
}

static void finds_the_first_row_of_a_domain(void **state)
{
	struct published_mx mx[] = {mx_of("a.test", 1), mx_of("b.test", 1), mx_of("b.test", 2),
	        mx_of("b.test", 3), mx_of("c.test", 1)};
	struct published published = {.mx = mx, .mx_count = 5}, none = {.mx_count = 0};

	(void)state;
	assert_ptr_equal(published_mx_find(&published, text("a.test")), &mx[0]);
	assert_ptr_equal(published_mx_find(&published, text("b.test")), &mx[1]);
	assert_ptr_equal(published_mx_find(&published, text("c.test")), &mx[4]);
	assert_null(published_mx_find(&published, text("aa.test")));
	assert_null(published_mx_find(&published, text("d.test")));
	assert_null(published_mx_find(&published, text("")));
	assert_null(published_mx_find(&none, text("a.test")));
}

static void tells_equal_publications_from_any_that_differ(void **state)
{
	struct published_mx mx[] = {mx_of("a.test", 1)}, other_mx[1];
	struct published_host hosts[] = {{.relay = {1},
	        .name = "rosa",
	        .addresses = {.count = 1, .at = {{.length = 4, .bytes = {192, 0, 2, 1}}}}}},
	                      other_hosts[1];
	struct published a = {.mx = mx, .mx_count = 1, .hosts = hosts, .host_count = 1},
	                 b = {.mx = other_mx, .mx_count = 1, .hosts = other_hosts, .host_count = 1};

	(void)state;
	for (unsigned change = 0; change < 8; change++) {
		memcpy(other_mx, mx, sizeof mx);
		memcpy(other_hosts, hosts, sizeof hosts);
		b.mx_count = b.host_count = 1;
		assert_true(published_equal(&a, &b));
		if (change == 0)
			other_mx[0].domain = domain_name_of("b.test");
		else if (change == 1)
			other_mx[0].author[0]++;
		else if (change == 2)
			other_mx[0].relay[31]++;
		else if (change == 3)
			other_mx[0].preference++;
		else if (change == 4)
			other_hosts[0].name[0] = 'R';
		else if (change == 5)
			other_hosts[0].addresses.at[0].bytes[3]++;
		else if (change == 6)
			b.mx_count = 0;
		else
			b.host_count = 0;
		assert_false(published_equal(&a, &b));
	}
	assert_ptr_equal(published_host_find(&a, hosts[0].relay), &hosts[0]);
	assert_null(published_host_find(&a, (const uint8_t[KEY_SIZE]){2}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(tells_equal_rows_from_any_that_differ),
	        TEST(copies_rows_and_none),
	        TEST(finds_a_row_by_its_whole_domain),
	        TEST(finds_the_first_row_of_a_domain),
	        TEST(tells_equal_publications_from_any_that_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
