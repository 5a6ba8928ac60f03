// Package repo is everything that knows SQL: product tables, catalogs, tasks, features, projections, generations and
// questions about similarity. Its common language with the other packages is []float32 and keys as text.
package repo
