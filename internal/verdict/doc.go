// Package verdict turns the findings of one session into a statement: which
// layer failed, what the root cause is, on whose side, how sure that is, what
// explains what, and what to do next.
//
// Everything is table driven; the same case gives the same words. How the
// statement is printed is left to package report.
package verdict
