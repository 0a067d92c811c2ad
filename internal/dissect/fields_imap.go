package dissect

var (
	fIMAP = row(Field{Name: "imap", Label: "Internet Message Access Protocol", Type: Protocol})

	fImapIsRequest       = row(Field{Name: "imap.isrequest", Label: "Request", Type: Bool, Means: "TRUE if IMAP request, FALSE otherwise"})
	fImapLine            = row(Field{Name: "imap.line", Label: "Line", Type: String, Means: "A line of an IMAP message"})
	fImapRequest         = row(Field{Name: "imap.request", Label: "Request", Type: String, Means: "Remainder of request line"})
	fImapRequestTag      = row(Field{Name: "imap.request_tag", Label: "Request Tag", Type: String, Means: "First token of request line"})
	fImapResponse        = row(Field{Name: "imap.response", Label: "Response", Type: String, Means: "Remainder of response line"})
	fImapResponseTag     = row(Field{Name: "imap.response_tag", Label: "Response Tag", Type: String, Means: "First token of response line"})
	fImapRequestCommand  = row(Field{Name: "imap.request.command", Label: "Request Command", Type: String, Means: "Request command name"})
	fImapResponseCommand = row(Field{Name: "imap.response.command", Label: "Response Command", Type: String, Means: "Response command name"})
	fImapResponseStatus  = row(Field{Name: "imap.response.status", Label: "Response Status", Type: String, Means: "Response status code"})
	fImapTag             = row(Field{Name: "imap.tag", Label: "Tag", Type: String, Means: "First token of line"})
	fImapCommand         = row(Field{Name: "imap.command", Label: "Command", Type: String, Means: "Request or Response command name"})
	fImapFolder          = row(Field{Name: "imap.request.folder", Label: "Request Folder", Type: String, Means: "Request command folder"})
	fImapUID             = row(Field{Name: "imap.request.command.uid", Label: "Request isUID", Type: Bool, Means: "Request command uid"})
	fImapUsername        = row(Field{Name: "imap.request.username", Label: "Request Username", Type: String, Means: "Request command username"})
	fImapPassword        = row(Field{Name: "imap.request.password", Label: "Request Password", Type: String, Means: "Request command password; masked unless asked for"})
	fImapResponseTo      = row(Field{Name: "imap.response_to", Label: "Request In", Type: FrameNum, Means: "This is a response to the IMAP request in this frame"})
	fImapTime            = row(Field{Name: "imap.time", Label: "Response Time", Type: Duration, Means: "The time between the request and response"})
)

// Wireshark has no ManageSieve (RFC 5804); these names are ours.
var (
	fSieve         = row(Field{Name: "managesieve", Label: "ManageSieve Protocol", Type: Protocol, Means: "ManageSieve (RFC 5804); Wireshark 4.0 has none"})
	fSieveRequest  = row(Field{Name: "managesieve.request", Label: "Request", Type: String, Means: "Line of the client"})
	fSieveCommand  = row(Field{Name: "managesieve.request.command", Label: "Request Command", Type: String})
	fSieveResponse = row(Field{Name: "managesieve.response", Label: "Response", Type: String, Means: "Line of the server"})
	fSieveStatus   = row(Field{Name: "managesieve.response.status", Label: "Response Status", Type: String, Means: "OK, NO or BYE"})
)
