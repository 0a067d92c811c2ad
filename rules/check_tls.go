package rules

var tlsChecks []Check
