// Package web makes the report that people look at: one HTML file that opens
// from disk, loads nothing and sends nothing.
//
// The file has the records of the JSON form as its data, and is readable
// without script: what is above the tabs, the events, the ladder, the transcript
// and the packets of the session that comes first are written as HTML and SVG
// here. Those of the other sessions lie beside as templates, which the script
// puts into place; it makes only nodes and texts.
//
// What the page looks like is in assets: report.html, report.css and report.js,
// with the colours and fonts of tokens.css, which the start page has too: all
// plain files that are embedded as they are. The policy in the head names their
// hashes, so they need no change here when they are edited.
package web
