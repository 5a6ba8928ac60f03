// Package ingest turns what people keep their products in (a folder of photos, a CSV or TSV file, JSON lines, Parquet)
// into typed rows of a product table, and reads photos by the references those rows hold.
//
// A source is read in two passes. [Open] looks through the whole of it, so that every column has one type and every
// mistake that concerns the whole is said before anything is written; [Source.Rows] then streams the rows. Neither holds
// more than a row, a Parquet page or the names of one folder in memory, besides some 40 bytes for each key. A row that
// cannot be used is a [RowError] with its place; it never stops the others.
package ingest
