rule Postern_HTML_Credential_Form
{
    meta:
        description = "A web page in the mail asks for a password and sends it to a server."
        severity = "high"
        score = 7
        class = "phishing"
        attack = "T1566.001 T1598.003"
        author = "Postern project"
        date = "2026-11-24"
    strings:
        $password = /<input[^>]{0,200}type\s{0,4}=\s{0,4}["']?password/ nocase
        $post = /<form[^>]{0,300}action\s{0,4}=\s{0,4}["']?\s{0,4}https?:\/\// nocase
        $script1 = /fetch\(\s{0,4}["'`]https?:\/\// nocase
        $script2 = /\$\.(ajax|post)\(/
        $script3 = "XMLHttpRequest" ascii
        $script4 = "api.telegram.org" ascii nocase
        $script5 = "emailjs" ascii nocase
    condition:
        type != "mail" and type != "mbox" and type != "text" and filesize < 5MB and
        $password and ($post or any of ($script*))
}
