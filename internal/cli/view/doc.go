// Package view turns rollouts into words: the live screen, the lines of a pipe,
// plans, tables and summaries.
//
// Everything in it is a function of values. It reads no clock, no terminal and no
// file: the time, the width and the theme are arguments, so that every picture has
// a golden file. cli calls it; package live draws its screen in a terminal.
package view
