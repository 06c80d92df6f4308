// The name alone gives it away, whatever the file holds.

rule Postern_Name_Double_Extension
{
    meta:
        description = "A program bears a name that passes for a document."
        severity = "high"
        score = 8
        class = "malware"
        attack = "T1036.007"
        author = "Postern project"
        date = "2026-11-24"
    condition:
        filename matches /\.(pdf|docx?|xlsx?|pptx?|rtf|txt|jpe?g|png|gif|html?|csv|odt|mp[34])[ _.]{0,200}\.(exe|scr|com|pif|js|jse|vbs|vbe|wsf|hta|lnk|ps1|bat|cmd|cpl|msi|jar)[ .]{0,10}$/i
}
