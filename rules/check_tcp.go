package rules

var tcpChecks []Check
