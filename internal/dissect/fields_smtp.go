package dissect

var (
	fSMTP = row(Field{Name: "smtp", Label: "Simple Mail Transfer Protocol", Type: Protocol})

	fSmtpReq          = row(Field{Name: "smtp.req", Label: "Request", Type: Bool, Means: "The client speaks"})
	fSmtpRsp          = row(Field{Name: "smtp.rsp", Label: "Response", Type: Bool, Means: "The server speaks"})
	fSmtpCommandLine  = row(Field{Name: "smtp.command_line", Label: "Command Line", Type: String})
	fSmtpReqCommand   = row(Field{Name: "smtp.req.command", Label: "Command", Type: String})
	fSmtpReqParameter = row(Field{Name: "smtp.req.parameter", Label: "Request parameter", Type: String})
	fSmtpResponse     = row(Field{Name: "smtp.response", Label: "Response", Type: String})
	fSmtpRspCode      = row(Field{Name: "smtp.response.code", Label: "Response code", Type: Uint32, Value: smtpCodeName})
	fSmtpRspParameter = row(Field{Name: "smtp.rsp.parameter", Label: "Response parameter", Type: String})
	fSmtpUsername     = row(Field{Name: "smtp.auth.username", Label: "Username", Type: String, Means: "Name of the user in AUTH, as sent"})
	fSmtpPassword     = row(Field{Name: "smtp.auth.password", Label: "Password", Type: String, Means: "Password in AUTH, as sent; masked unless asked for"})
	fSmtpUserPass     = row(Field{Name: "smtp.auth.username_password", Label: "Username/Password", Type: String, Means: "Answer of AUTH PLAIN, as sent; masked unless asked for"})
	fSmtpEOM          = row(Field{Name: "smtp.eom", Label: "EOM", Means: "End of a message"})

	fSmtpFragments         = row(Field{Name: "smtp.data.fragments", Label: "DATA fragments", Means: "Message fragments"})
	fSmtpFragment          = row(Field{Name: "smtp.data.fragment", Label: "DATA fragment", Type: FrameNum, Means: "Message fragment"})
	fSmtpFragmentCount     = row(Field{Name: "smtp.data.fragment.count", Label: "DATA fragment count", Type: Uint32})
	fSmtpReassembledIn     = row(Field{Name: "smtp.data.reassembled.in", Label: "Reassembled DATA in frame", Type: FrameNum, Means: "This DATA fragment is reassembled in this frame"})
	fSmtpReassembledLength = row(Field{Name: "smtp.data.reassembled.length", Label: "Reassembled DATA length", Type: Uint32, Means: "The total length of the reassembled payload"})

	xSmtpBase64 = expert{row(Field{Name: "smtp.base64_decode", Label: "base64 decode failed or is not enabled (check SMTP preferences)"}), warning, aboutProtocol}
	xSmtpCode   = expert{row(Field{Name: "smtp.response.code.unexpected", Label: "Unexpected response code in multiline response"}), warning, aboutProtocol}

	smtpParts = partFields{fSmtpFragments, fSmtpFragment, fSmtpFragmentCount, fSmtpReassembledLength}

	fTextLines = row(Field{Name: "data-text-lines", Label: "Line-based text data", Type: Protocol})
	fText      = row(Field{Name: "text", Label: "Text item", Means: "Text without a name"})
)

// smtpCodes are reply codes and what they mean, in Wireshark's words.
var smtpCodes = [...]struct {
	code uint64
	name string
}{
	{211, "System status, or system help reply"},
	{214, "Help message"},
	{220, "<domain> Service ready"},
	{221, "<domain> Service closing transmission channel"},
	{235, "Authentication successful"},
	{250, "Requested mail action okay, completed"},
	{251, "User not local; will forward to <forward-path>"},
	{252, "Cannot VRFY user, but will accept message and attempt delivery"},
	{334, "AUTH input"},
	{354, "Start mail input; end with <CRLF>.<CRLF>"},
	{421, "<domain> Service not available, closing transmission channel"},
	{432, "A password transition is needed"},
	{450, "Requested mail action not taken: mailbox unavailable"},
	{451, "Requested action aborted: local error in processing"},
	{452, "Requested action not taken: insufficient system storage"},
	{454, "Temporary authentication failed"},
	{500, "Syntax error, command unrecognized"},
	{501, "Syntax error in parameters or arguments"},
	{502, "Command not implemented"},
	{503, "Bad sequence of commands"},
	{504, "Command parameter not implemented"},
	{530, "Authentication required"},
	{534, "Authentication mechanism is too weak"},
	{535, "Authentication credentials invalid"},
	{538, "Encryption required for requested authentication mechanism"},
	{550, "Requested action not taken: mailbox unavailable"},
	{551, "User not local; please try <forward-path>"},
	{552, "Requested mail action aborted: exceeded storage allocation"},
	{553, "Requested action not taken: mailbox name not allowed"},
	{554, "Transaction failed"},
}

func smtpCodeName(v uint64) string {
	for i := range smtpCodes {
		if smtpCodes[i].code == v {
			return smtpCodes[i].name
		}
	}
	return ""
}
