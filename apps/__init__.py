"""The programs people see: web pages drawn over `glm.Conversation`. Nothing here knows token formats."""
