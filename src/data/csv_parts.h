/* Shared by the files that read CSV. */
#ifndef RONDO_DATA_CSV_PARTS_H
#define RONDO_DATA_CSV_PARTS_H

#include "data/csv.h"

/* The separator of a text that ends in its only NUL. */
char rondo__csv_sniff(const char *text);
/* Are the numbers of its cells written 1,5? */
bool rondo__csv_sniff_comma(const rondo__csv *csv);
/* Is the first row (csv->cell) one of names? */
bool rondo__csv_is_header(const rondo__csv *csv);
/* "a comma" */
const char *rondo__csv_separator_name(char separator);
#define RONDO__CSV_NUMBER_NAME 24
void rondo__csv_number_name(char name[RONDO__CSV_NUMBER_NAME], int64_t number);
/* "inf", "-Infinity" */
bool rondo__csv_infinite(const char *text);

#endif
