package dissect

var (
	fIMF = row(Field{Name: "imf", Label: "Internet Message Format", Type: Protocol})

	fImfDate                            = row(Field{Name: "imf.date", Label: "Date", Type: String})
	fImfFrom                            = row(Field{Name: "imf.from", Label: "From", Type: String})
	fImfSender                          = row(Field{Name: "imf.sender", Label: "Sender", Type: String})
	fImfReplyTo                         = row(Field{Name: "imf.reply_to", Label: "Reply-To", Type: String})
	fImfTo                              = row(Field{Name: "imf.to", Label: "To", Type: String})
	fImfCc                              = row(Field{Name: "imf.cc", Label: "Cc", Type: String})
	fImfBcc                             = row(Field{Name: "imf.bcc", Label: "Bcc", Type: String})
	fImfMessageId                       = row(Field{Name: "imf.message_id", Label: "Message-ID", Type: String})
	fImfInReplyTo                       = row(Field{Name: "imf.in_reply_to", Label: "In-Reply-To", Type: String})
	fImfReferences                      = row(Field{Name: "imf.references", Label: "References", Type: String})
	fImfSubject                         = row(Field{Name: "imf.subject", Label: "Subject", Type: String})
	fImfComments                        = row(Field{Name: "imf.comments", Label: "Comments", Type: String})
	fImfUserAgent                       = row(Field{Name: "imf.user_agent", Label: "User-Agent", Type: String})
	fImfKeywords                        = row(Field{Name: "imf.keywords", Label: "Keywords", Type: String})
	fImfResentDate                      = row(Field{Name: "imf.resent.date", Label: "Resent-Date", Type: String})
	fImfResentFrom                      = row(Field{Name: "imf.resent.from", Label: "Resent-From", Type: String})
	fImfResentSender                    = row(Field{Name: "imf.resent.sender", Label: "Resent-Sender", Type: String})
	fImfResentTo                        = row(Field{Name: "imf.resent.to", Label: "Resent-To", Type: String})
	fImfResentCc                        = row(Field{Name: "imf.resent.cc", Label: "Resent-Cc", Type: String})
	fImfResentBcc                       = row(Field{Name: "imf.resent.bcc", Label: "Resent-Bcc", Type: String})
	fImfResentMessageId                 = row(Field{Name: "imf.resent.message_id", Label: "Resent-Message-ID", Type: String})
	fImfReturnPath                      = row(Field{Name: "imf.return_path", Label: "Return-Path", Type: String})
	fImfReceived                        = row(Field{Name: "imf.received", Label: "Received", Type: String})
	fImfContentType                     = row(Field{Name: "imf.content.type", Label: "Content-Type", Type: String})
	fImfContentTypeType                 = row(Field{Name: "imf.content.type.type", Label: "Type", Type: String})
	fImfContentTypeParameters           = row(Field{Name: "imf.content.type.parameters", Label: "Parameters", Type: String})
	fImfContentDescription              = row(Field{Name: "imf.content.description", Label: "Content-Description", Type: String})
	fImfContentId                       = row(Field{Name: "imf.content.id", Label: "Content-ID", Type: String})
	fImfContentTransferEncoding         = row(Field{Name: "imf.content.transfer_encoding", Label: "Content-Transfer-Encoding", Type: String})
	fImfMimeVersion                     = row(Field{Name: "imf.mime_version", Label: "MIME-Version", Type: String})
	fImfAutoforwarded                   = row(Field{Name: "imf.autoforwarded", Label: "Autoforwarded", Type: String})
	fImfAutosubmitted                   = row(Field{Name: "imf.autosubmitted", Label: "Autosubmitted", Type: String})
	fImfX400ContentIdentifier           = row(Field{Name: "imf.x400_content_identifier", Label: "X400-Content-Identifier", Type: String})
	fImfContentLanguage                 = row(Field{Name: "imf.content_language", Label: "Content-Language", Type: String})
	fImfConversion                      = row(Field{Name: "imf.conversion", Label: "Conversion", Type: String})
	fImfConversionWithLoss              = row(Field{Name: "imf.conversion_with_loss", Label: "Conversion-With-Loss", Type: String})
	fImfDeliveryDate                    = row(Field{Name: "imf.delivery_date", Label: "Delivery-Date", Type: String})
	fImfDiscardedX400IpmsExtensions     = row(Field{Name: "imf.discarded_x400_ipms_extensions", Label: "Discarded-X400-IPMS-Extensions", Type: String})
	fImfDiscardedX400MtsExtensions      = row(Field{Name: "imf.discarded_x400_mts_extensions", Label: "Discarded-X400-MTS-Extensions", Type: String})
	fImfDlExpansionHistory              = row(Field{Name: "imf.dl_expansion_history", Label: "DL-Expansion-History", Type: String})
	fImfDeferredDelivery                = row(Field{Name: "imf.deferred_delivery", Label: "Deferred-Delivery", Type: String})
	fImfExpires                         = row(Field{Name: "imf.expires", Label: "Expires", Type: String})
	fImfImportance                      = row(Field{Name: "imf.importance", Label: "Importance", Type: String})
	fImfIncompleteCopy                  = row(Field{Name: "imf.incomplete_copy", Label: "Incomplete-Copy", Type: String})
	fImfLatestDeliveryTime              = row(Field{Name: "imf.latest_delivery_time", Label: "Latest-Delivery-Time", Type: String})
	fImfMessageType                     = row(Field{Name: "imf.message_type", Label: "Message-Type", Type: String})
	fImfOriginalEncodedInformationTypes = row(Field{Name: "imf.original_encoded_information_types", Label: "Original-Encoded-Information-Types", Type: String})
	fImfOriginatorReturnAddress         = row(Field{Name: "imf.originator_return_address", Label: "Originator-Return-Address", Type: String})
	fImfPriority                        = row(Field{Name: "imf.priority", Label: "Priority", Type: String})
	fImfReplyBy                         = row(Field{Name: "imf.reply_by", Label: "Reply-By", Type: String})
	fImfSensitivity                     = row(Field{Name: "imf.sensitivity", Label: "Sensitivity", Type: String})
	fImfSupersedes                      = row(Field{Name: "imf.supersedes", Label: "Supersedes", Type: String})
	fImfX400ContentType                 = row(Field{Name: "imf.x400_content_type", Label: "X400-Content-Type", Type: String})
	fImfX400MtsIdentifier               = row(Field{Name: "imf.x400_mts_identifier", Label: "X400-MTS-Identifier", Type: String})
	fImfX400Originator                  = row(Field{Name: "imf.x400_originator", Label: "X400-Originator", Type: String})
	fImfX400Received                    = row(Field{Name: "imf.x400_received", Label: "X400-Received", Type: String})
	fImfX400Recipients                  = row(Field{Name: "imf.x400_recipients", Label: "X400-Recipients", Type: String})
	fImfDeliveredTo                     = row(Field{Name: "imf.delivered_to", Label: "Delivered-To", Type: String})
	fImfExtMailer                       = row(Field{Name: "imf.ext.mailer", Label: "X-Mailer", Type: String})
	fImfExtMimeole                      = row(Field{Name: "imf.ext.mimeole", Label: "X-MimeOLE", Type: String})
	fImfExtExpiryDate                   = row(Field{Name: "imf.ext.expiry-date", Label: "Expiry-Date", Type: String})
	fImfExtTnefCorrelator               = row(Field{Name: "imf.ext.tnef-correlator", Label: "X-MS-TNEF-Correlator", Type: String})
	fImfExtUidl                         = row(Field{Name: "imf.ext.uidl", Label: "X-UIDL", Type: String})
	fImfExtAuthenticationWarning        = row(Field{Name: "imf.ext.authentication_warning", Label: "X-Authentication-Warning", Type: String})
	fImfExtVirusScanned                 = row(Field{Name: "imf.ext.virus_scanned", Label: "X-Virus-Scanned", Type: String})
	fImfExtOriginalTo                   = row(Field{Name: "imf.ext.original-to", Label: "X-Original-To", Type: String})
	fImfThreadIndex                     = row(Field{Name: "imf.thread-index", Label: "Thread-Index", Type: String})
	fImfLines                           = row(Field{Name: "imf.lines", Label: "Lines", Type: String})
	fImfPrecedence                      = row(Field{Name: "imf.precedence", Label: "Precedence", Type: String})
	fImfExtension                       = row(Field{Name: "imf.extension", Label: "Unknown-Extension", Type: String})
	fImfExtensionType                   = row(Field{Name: "imf.extension.type", Label: "Type", Type: String})
	fImfExtensionValue                  = row(Field{Name: "imf.extension.value", Label: "Value", Type: String})
	fImfDisplayName                     = row(Field{Name: "imf.display_name", Label: "Display-Name", Type: String})
	fImfAddress                         = row(Field{Name: "imf.address", Label: "Address", Type: String})
	fImfAddressListItem                 = row(Field{Name: "imf.address_list.item", Label: "Item", Type: String})
	fImfMailboxListItem                 = row(Field{Name: "imf.mailbox_list.item", Label: "Item", Type: String})
	fImfSiolabel                        = row(Field{Name: "imf.siolabel", Label: "SIO-Label"})
	fImfSiolabelMarking                 = row(Field{Name: "imf.siolabel.marking", Label: "Marking", Type: String})
	fImfSiolabelFgcolor                 = row(Field{Name: "imf.siolabel.fgcolor", Label: "Foreground Color", Type: String})
	fImfSiolabelBgcolor                 = row(Field{Name: "imf.siolabel.bgcolor", Label: "Background Color", Type: String})
	fImfSiolabelType                    = row(Field{Name: "imf.siolabel.type", Label: "Type", Type: String})
	fImfSiolabelLabel                   = row(Field{Name: "imf.siolabel.label", Label: "Label", Type: String})
	fImfSiolabelUnknown                 = row(Field{Name: "imf.siolabel.unknown", Label: "Unknown parameter", Type: String})
	fImfMessageText                     = row(Field{Name: "imf.message_text", Label: "Message-Text"})

	xImfUnknownParam = expert{row(Field{Name: "imf.unknown_param", Label: "Unknown parameter"}), warning, aboutProtocol}

	fMultipart         = row(Field{Name: "mime_multipart", Label: "MIME Multipart Media Encapsulation", Type: Protocol})
	fMultipartType     = row(Field{Name: "mime_multipart.type", Label: "Type", Type: String, Means: "MIME multipart encapsulation type"})
	fMultipartPreamble = row(Field{Name: "mime_multipart.preamble", Label: "Preamble", Type: Bytes})
	fMultipartFirst    = row(Field{Name: "mime_multipart.first_boundary", Label: "First boundary", Type: String})
	fMultipartBoundary = row(Field{Name: "mime_multipart.boundary", Label: "Boundary", Type: String})
	fMultipartLast     = row(Field{Name: "mime_multipart.last_boundary", Label: "Last boundary", Type: String})
	fMultipartTrailer  = row(Field{Name: "mime_multipart.trailer", Label: "Trailer", Type: Bytes})
	fMultipartPart     = row(Field{Name: "mime_multipart.part", Label: "Encapsulated multipart part", Type: String})

	fMedia     = row(Field{Name: "media", Label: "Media Type", Type: Protocol})
	fMediaType = row(Field{Name: "media.type", Label: "Media type", Type: Bytes})
	fXML       = row(Field{Name: "xml", Label: "eXtensible Markup Language", Type: Protocol})
	fJSON      = row(Field{Name: "json", Label: "JavaScript Object Notation", Type: Protocol})
	fTNEF      = row(Field{Name: "tnef", Label: "Transport-Neutral Encapsulation Format", Type: Protocol})
	fCMS       = row(Field{Name: "cms", Label: "Cryptographic Message Syntax", Type: Protocol})
)

// partHeaders are the headers of a part that have fields, by their names in small letters.
var partHeaders = map[string]ID{
	"content-description":       row(Field{Name: "mime_multipart.header.content-description", Label: "Content-Description", Type: String, Means: "Content-Description Header"}),
	"content-disposition":       row(Field{Name: "mime_multipart.header.content-disposition", Label: "Content-Disposition", Type: String, Means: "RFC 2183: Content-Disposition Header"}),
	"content-encoding":          row(Field{Name: "mime_multipart.header.content-encoding", Label: "Content-Encoding", Type: String, Means: "Content-Encoding Header"}),
	"content-id":                row(Field{Name: "mime_multipart.header.content-id", Label: "Content-Id", Type: String, Means: "RFC 2045: Content-Id Header"}),
	"content-language":          row(Field{Name: "mime_multipart.header.content-language", Label: "Content-Language", Type: String, Means: "Content-Language Header"}),
	"content-length":            row(Field{Name: "mime_multipart.header.content-length", Label: "Content-Length", Type: String, Means: "Content-Length Header"}),
	"content-transfer-encoding": row(Field{Name: "mime_multipart.header.content-transfer-encoding", Label: "Content-Transfer-Encoding", Type: String, Means: "RFC 2045: Content-Transfer-Encoding Header"}),
	"content-type":              row(Field{Name: "mime_multipart.header.content-type", Label: "Content-Type", Type: String, Means: "Content-Type Header"}),
}

// A imfKind is what the value of a header is.
type imfKind uint8

const (
	imfText imfKind = iota
	imfMailbox
	imfMailboxes
	imfAddresses
	imfLabel
)

// imfHeaders are the headers that have a field, by their names in small letters.
var imfHeaders = map[string]struct {
	id   ID
	kind imfKind
}{
	"date":                               {fImfDate, imfText},
	"from":                               {fImfFrom, imfMailboxes},
	"sender":                             {fImfSender, imfMailbox},
	"reply-to":                           {fImfReplyTo, imfAddresses},
	"to":                                 {fImfTo, imfAddresses},
	"cc":                                 {fImfCc, imfAddresses},
	"bcc":                                {fImfBcc, imfAddresses},
	"message-id":                         {fImfMessageId, imfText},
	"in-reply-to":                        {fImfInReplyTo, imfText},
	"references":                         {fImfReferences, imfText},
	"subject":                            {fImfSubject, imfText},
	"comments":                           {fImfComments, imfText},
	"user-agent":                         {fImfUserAgent, imfText},
	"keywords":                           {fImfKeywords, imfText},
	"resent-date":                        {fImfResentDate, imfText},
	"resent-from":                        {fImfResentFrom, imfMailboxes},
	"resent-sender":                      {fImfResentSender, imfMailbox},
	"resent-to":                          {fImfResentTo, imfAddresses},
	"resent-cc":                          {fImfResentCc, imfAddresses},
	"resent-bcc":                         {fImfResentBcc, imfAddresses},
	"resent-message-id":                  {fImfResentMessageId, imfText},
	"return-path":                        {fImfReturnPath, imfText},
	"received":                           {fImfReceived, imfText},
	"content-type":                       {fImfContentType, imfText},
	"content-id":                         {fImfContentId, imfText},
	"content-description":                {fImfContentDescription, imfText},
	"content-transfer-encoding":          {fImfContentTransferEncoding, imfText},
	"mime-version":                       {fImfMimeVersion, imfText},
	"autoforwarded":                      {fImfAutoforwarded, imfText},
	"autosubmitted":                      {fImfAutosubmitted, imfText},
	"x400-content-identifier":            {fImfX400ContentIdentifier, imfText},
	"content-language":                   {fImfContentLanguage, imfText},
	"conversion":                         {fImfConversion, imfText},
	"conversion-with-loss":               {fImfConversionWithLoss, imfText},
	"delivery-date":                      {fImfDeliveryDate, imfText},
	"discarded-x400-ipms-extensions":     {fImfDiscardedX400IpmsExtensions, imfText},
	"discarded-x400-mts-extensions":      {fImfDiscardedX400MtsExtensions, imfText},
	"dl-expansion-history":               {fImfDlExpansionHistory, imfText},
	"deferred-delivery":                  {fImfDeferredDelivery, imfText},
	"expires":                            {fImfExpires, imfText},
	"importance":                         {fImfImportance, imfText},
	"incomplete-copy":                    {fImfIncompleteCopy, imfText},
	"latest-delivery-time":               {fImfLatestDeliveryTime, imfText},
	"message-type":                       {fImfMessageType, imfText},
	"original-encoded-information-types": {fImfOriginalEncodedInformationTypes, imfText},
	"originator-return-address":          {fImfOriginatorReturnAddress, imfText},
	"priority":                           {fImfPriority, imfText},
	"reply-by":                           {fImfReplyBy, imfText},
	"sensitivity":                        {fImfSensitivity, imfText},
	"supersedes":                         {fImfSupersedes, imfText},
	"x400-content-type":                  {fImfX400ContentType, imfText},
	"x400-mts-identifier":                {fImfX400MtsIdentifier, imfText},
	"x400-originator":                    {fImfX400Originator, imfText},
	"x400-received":                      {fImfX400Received, imfText},
	"x400-recipients":                    {fImfX400Recipients, imfText},
	"delivered-to":                       {fImfDeliveredTo, imfMailbox},
	"x-mailer":                           {fImfExtMailer, imfText},
	"thread-index":                       {fImfThreadIndex, imfText},
	"x-mimeole":                          {fImfExtMimeole, imfText},
	"expiry-date":                        {fImfExtExpiryDate, imfText},
	"x-ms-tnef-correlator":               {fImfExtTnefCorrelator, imfText},
	"x-uidl":                             {fImfExtUidl, imfText},
	"x-authentication-warning":           {fImfExtAuthenticationWarning, imfText},
	"x-virus-scanned":                    {fImfExtVirusScanned, imfText},
	"x-original-to":                      {fImfExtOriginalTo, imfAddresses},
	"lines":                              {fImfLines, imfText},
	"precedence":                         {fImfPrecedence, imfText},
	"sio-label":                          {fImfSiolabel, imfLabel},
}
