package rules

import (
	"cmp"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"postmortem/smtp"
)

// TestDocs: docs/rules.md says what the tables say. go test ./rules -run Docs
// -update rewrites it.
func TestDocs(t *testing.T) {
	golden(t, filepath.Join("..", "docs", "rules.md"), document())
}

// TestDocsComplete: no rule, threshold or class is missing from the document.
func TestDocsComplete(t *testing.T) {
	text := document()
	for i := range All {
		if n := strings.Count(text, "\n### "+All[i].ID+"\n"); n != 1 {
			t.Errorf("%s has %d sections", All[i].ID, n)
		}
	}
	for _, x := range Thresholds {
		if !strings.Contains(text, "\n| "+x.Name+" |") {
			t.Errorf("threshold %s is missing", x.Name)
		}
	}
}

// document writes the catalogue as Markdown.
func document() string {
	var b strings.Builder
	b.WriteString(`# What postmortem looks for

This file is made from the tables of package rules: "go test ./rules -run Docs -update" writes it.
"postmortem explain ID" prints one entry, "postmortem explain WORD" finds entries.

Each entry has the ID that reports print, the number that other entries name it by, and the severity.
"info, can become error" means that a threshold or a circumstance decides. "Good" findings tell what worked.
*Said when* is the condition in short; *Guard* is what keeps it from being said wrongly.

`)
	for _, c := range chapters {
		n := 0
		for i := range All {
			if group(&All[i]) == c.letters {
				n++
			}
		}
		fmt.Fprintf(&b, "- [%s](#%s): %d\n", c.title, strings.ReplaceAll(strings.ToLower(c.title), " ", "-"), n)
	}
	b.WriteString("- [Order of the reply classes](#order-of-the-reply-classes)\n- [Thresholds](#thresholds)\n")
	for _, c := range chapters {
		fmt.Fprintf(&b, "\n## %s\n", c.title)
		if c.letters == "TLSA" {
			fmt.Fprintf(&b, "\n%s\n", alertMoments)
		}
		for i := range All {
			if r := &All[i]; group(r) == c.letters {
				section(&b, r)
			}
		}
	}
	b.WriteString("\n## Order of the reply classes\n\nA reply that refuses something is of the first class that fits. A row fits when the reply code fits and the\n" +
		"enhanced code or a word of the text does; with \"both\" the two are needed. Words of up to five letters must stand\nalone, a + b are needed together.\nLinks, addresses, names of hosts and what stands in angle brackets are left out of the text first.\n\n" +
		"| class | reply codes | enhanced codes | words | and |\n|---|---|---|---|---|\n")
	for i := range classes {
		c := &classes[i]
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", All[numbers[c.rule]].ID, mark(cmp.Or(c.codes, "4xx 5xx")), mark(cmp.Or(c.enhanced, "-")),
			mark(cmp.Or(strings.ReplaceAll(strings.ReplaceAll(c.words, "|", ", "), " & ", " + "), "-")), mark(needs(c)))
	}
	b.WriteString("\n## Thresholds\n\n-limit NAME=VALUE sets one; where a threshold has levels the name goes on with .info, .warning or .error.\n\n" +
		"| name | default | what it is | where it comes from |\n|---|---|---|---|\n")
	for _, x := range Thresholds {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", x.Name, mark(x.Default), mark(x.Means), mark(x.Source))
	}
	return b.String()
}

// section writes one rule.
func section(b *strings.Builder, r *Rule) {
	severity := severityWord(r)
	if worse, ok := strings.CutSuffix(severity, "+"); ok {
		severity = worse + ", can become " + r.Up.String()
	}
	fmt.Fprintf(b, "\n### %s\n\n%s · %s · %s · %s\n\n%s\n\n", r.ID, r.Num, r.Label, severity, mark(r.Title), mark(r.Meaning))
	for _, x := range [...]struct{ name, text string }{
		{"Said when", r.When}, {"Guard", r.Not}, {"Whose side", r.Blame.Sides()}, {"Fields", strings.Join(r.Fields, ", ")},
		{"Source", strings.Join(r.Cite, "; ")},
	} {
		if x.text != "" {
			fmt.Fprintf(b, "- *%s:* %s\n", x.name, mark(x.text))
		}
	}
	if len(r.Advice) > 0 {
		b.WriteString("- *What to do:*\n")
		for i, a := range r.Advice {
			fmt.Fprintf(b, "  %d. %s\n", i+1, mark(a))
		}
	}
}

// mark keeps Markdown from reading signs in text that mean nothing there. What
// stands between backquotes is code already.
func mark(s string) string {
	parts := strings.Split(s, "`")
	for i := 0; i < len(parts); i += 2 {
		parts[i] = strings.NewReplacer("<", `\<`, ">", `\>`, "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "|", `\|`).Replace(parts[i])
	}
	return strings.Join(parts, "`")
}

// needs says in words what a row of the reply classes needs beyond codes and words.
func needs(c *class) string {
	var list []string
	if c.need&needBoth != 0 {
		list = append(list, "both")
	}
	if c.need&needBare != 0 {
		list = append(list, "no enhanced code")
	}
	if c.need&needNull != 0 {
		list = append(list, "the sender is <>")
	}
	if c.with != "" {
		list = append(list, "one of: "+strings.ReplaceAll(c.with, "|", ", "))
	}
	if c.not != "" {
		list = append(list, "not: "+strings.ReplaceAll(c.not, "|", ", "))
	}
	if c.at != 0 {
		var at []string
		for cmd := range smtp.NumCmds {
			if c.at>>cmd&1 != 0 {
				at = append(at, cmp.Or(cmd.String(), "an unknown command"))
			}
		}
		list = append(list, "after "+strings.Join(at, ", "))
	}
	return strings.Join(list, "; ")
}
