MsgBox "hello"
