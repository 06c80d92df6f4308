// Macros in Office documents. They are compressed in the file, but their string constants stand
// once more, uncompressed, in the cache of compiled code: that is what these rules read.

rule Postern_Office_Macro_AutoExec_Runs
{
    meta:
        description = "An Office macro starts by itself and runs or fetches other programs."
        severity = "critical"
        score = 10
        class = "malware"
        attack = "T1204.002 T1059.005"
        author = "Postern project"
        date = "2026-11-24"
    strings:
        $project = "_VBA_PROJECT" wide
        $module = "Attribut" ascii
        $open1 = "AutoOpen" ascii nocase
        $open2 = "Auto_Open" ascii nocase
        $open3 = "Document_Open" ascii nocase
        $open4 = "Workbook_Open" ascii nocase
        $open5 = "AutoExec" ascii nocase
        $open6 = "Document_Close" ascii nocase
        $run1 = "WScript.Shell" ascii nocase
        $run2 = "Shell.Application" ascii nocase
        $run3 = "powershell" ascii nocase
        $run4 = "winmgmts:" ascii nocase
        $run5 = "cmd.exe /c" ascii nocase
        $run6 = "mshta" ascii nocase fullword
        $run7 = "ShellExecute" ascii nocase
        $get1 = "URLDownloadToFile" ascii nocase
        $get2 = "MSXML2.XMLHTTP" ascii nocase
        $get3 = "MSXML2.ServerXMLHTTP" ascii nocase
        $get4 = "WinHttp.WinHttpRequest" ascii nocase
        $get5 = "ADODB.Stream" ascii nocase
    condition:
        uint32(0) == 0xe011cfd0 and ($project or $module) and any of ($open*) and
        (any of ($get*) or 2 of ($run*))
}

rule Postern_Office_VBA_Source_Missing
{
    meta:
        description = "A macro project has compiled code but no source: what Office runs cannot be read."
        severity = "high"
        score = 6
        class = "suspicious"
        attack = "T1564.007"
        author = "Postern project"
        date = "2026-11-24"
    strings:
        $project = "_VBA_PROJECT" wide
        $dir = "d\x00i\x00r\x00" ascii
        // Each module's source begins with "Attribute VB_Name", compressed like this.
        $source = "Attribut\x00e" ascii
        $source_plain = "Attribute VB_" ascii nocase
    condition:
        uint32(0) == 0xe011cfd0 and $project and $dir and not any of ($source*)
}

rule Postern_Office_XLM_Macro_Runs
{
    meta:
        description = "An Excel 4.0 macro sheet starts by itself and calls functions outside Excel."
        severity = "high"
        score = 8
        class = "suspicious"
        attack = "T1059.005 T1204.002"
        author = "Postern project"
        date = "2026-11-24"
    strings:
        $sheet = "macrosheet" ascii nocase
        $formula1 = "<f>EXEC(" ascii nocase
        $formula2 = "<f>CALL(" ascii nocase
        $formula3 = "<f>REGISTER(" ascii nocase
        $formula4 = "<f>_xlfn.FORMULA(" ascii nocase
        $slk_head = "ID;P" ascii
        $slk_open = /NN;NAuto_[Oo]pen/
        $slk_run = /;E(EXEC|CALL|REGISTER)\(/ nocase
    condition:
        ($sheet and any of ($formula*)) or ($slk_head at 0 and $slk_open and $slk_run)
}
